"""The smart feature cache: features by content, so that a forward pass done once is not done again.

A key is the fingerprint of the model and of the input, so a changed weight is another key and nothing is ever stale.
What it gains is exact: auxiliary images under the model after task t are those under the model before task t + 1.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from slora_core.errors import InputError

Encode: TypeAlias = Callable[[nn.Module, Tensor], Tensor]


@dataclass(slots=True)
class _Entry:
    features: Tensor
    last_step: int


class SmartFeatureCache:
    """Least recently used entries go first, once they hold more than ``max_cache_size`` rows or ``max_bytes``.

    Features are kept on ``device``. ``encode(model, inputs)`` computes what is missing.
    """

    def __init__(
        self,
        max_cache_size: int = 10_000,
        device: torch.device | str = "cpu",
        *,
        max_bytes: int | None = None,
        encode: Encode | None = None,
    ) -> None:
        if max_cache_size < 0:
            raise InputError(f"max_cache_size = {max_cache_size}: expected 0 or more rows")
        self.max_cache_size = max_cache_size
        self.max_bytes = max_bytes
        self.device = torch.device(device)
        self.hits = 0
        self.misses = 0
        self.step = 0
        self._encode: Encode = encode or _call
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    @property
    def rows(self) -> int:
        return sum(len(entry.features) for entry in self._entries.values())

    @property
    def size_bytes(self) -> int:
        return sum(entry.features.nbytes for entry in self._entries.values())

    def get_features(self, model: nn.Module, inputs: Tensor, *, model_key: str | None = None) -> Tensor:
        """Features [B, d] of ``inputs`` [B, ...], on the cache's device; ``model_key`` saves a hash of the model."""
        key = (model_key or fingerprint(model), _digest(inputs))
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            features = self._encode(model, inputs).detach().to(self.device)
            self._keep(key, features)
            return features
        self.hits += 1
        entry.last_step = self.step
        self._entries.move_to_end(key)
        return entry.features

    def clear_expired_cache(self, current_step: int, max_age: int = 1) -> None:
        """Drop entries that were last used more than ``max_age`` steps before ``current_step``."""
        self.step = current_step
        for key in [key for key, entry in self._entries.items() if current_step - entry.last_step > max_age]:
            del self._entries[key]

    def adapt_capacity(self, available_bytes: int) -> None:
        """Hold at most ``available_bytes``, from now on."""
        self.max_bytes = max(0, available_bytes)
        self._make_room(0, 0)

    def clear(self) -> None:
        self._entries.clear()

    def _keep(self, key: tuple[str, str], features: Tensor) -> None:
        if len(features) > self.max_cache_size or (self.max_bytes is not None and features.nbytes > self.max_bytes):
            return
        self._make_room(len(features), features.nbytes)
        self._entries[key] = _Entry(features, self.step)

    def _make_room(self, rows: int, size_bytes: int) -> None:
        """Drop the least recently used entries until ``rows`` more fit."""
        while self._entries and (
            self.rows + rows > self.max_cache_size
            or (self.max_bytes is not None and self.size_bytes + size_bytes > self.max_bytes)
        ):
            self._entries.popitem(last=False)


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of a model's type, parameters and buffers."""
    digest = hashlib.sha256(type(model).__qualname__.encode())
    for name, tensor in model.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _digest(inputs: Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(inputs.shape)}{inputs.dtype}".encode())
    digest.update(_bytes(inputs))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())


def _call(model: nn.Module, inputs: Tensor) -> Tensor:
    features: Tensor = model(inputs)
    return features
