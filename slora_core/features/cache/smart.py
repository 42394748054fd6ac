"""The smart feature cache: features by content, so that a forward pass done once is not done again.

A key is the fingerprint of the model and of the input, so a changed weight is another key and nothing is ever stale.
What it gains is exact: auxiliary images under the model after task t are those under the model before task t + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from slora_core.errors import InputError
from slora_core.features.cache.disk_tier import DiskTier
from slora_core.features.cache.keys import entry_keys, fingerprint, row_digests
from slora_core.features.cache.memory_tier import MemoryTier

Encode: TypeAlias = Callable[[nn.Module, Tensor], Tensor]
Compute: TypeAlias = Callable[[Tensor | None], Tensor]
"""Features [m, d] of the rows numbered ``index`` [m] of a batch; of all of them for None."""


class SmartFeatureCache:
    """Rows of features, least recently used first to go: from ``device`` to RAM, from there to disk.

    On ``device`` up to ``max_cache_size`` rows and ``max_bytes``; in RAM, beside a CUDA device, up to ``ram_bytes``;
    on ``disk`` where one is given. ``encode(model, inputs)`` computes what is missing. ``hits`` and ``misses`` count
    rows: a miss is a row of a forward pass.
    """

    def __init__(
        self,
        max_cache_size: int = 10_000,
        device: torch.device | str = "cpu",
        *,
        max_bytes: int | None = None,
        ram_bytes: int = 0,
        disk: DiskTier | None = None,
        encode: Encode | None = None,
    ) -> None:
        if max_cache_size < 0:
            raise InputError(f"max_cache_size = {max_cache_size}: expected 0 or more rows")
        self.device = torch.device(device)
        self.hits = 0
        self.misses = 0
        self.step = 0
        self._encode: Encode = encode or _call
        self._tiers = [MemoryTier(self.device, max_cache_size, max_bytes)]
        if ram_bytes:
            self._tiers.append(MemoryTier(torch.device("cpu"), 2**40, ram_bytes))
        self._disk = disk

    @property
    def rows(self) -> int:
        """Rows in memory."""
        return sum(tier.rows for tier in self._tiers)

    @property
    def size_bytes(self) -> int:
        """Bytes of the rows on the cache's device."""
        return self._tiers[0].size_bytes

    def get_features(self, model: nn.Module, inputs: Tensor, *, model_key: str | None = None) -> Tensor:
        """Features [B, d] of ``inputs`` [B, ...], on the cache's device; ``model_key`` saves a hash of the model."""

        def compute(index: Tensor | None) -> Tensor:
            return self._encode(model, inputs if index is None else inputs[index.to(inputs.device)])

        return self.look_up(model_key or fingerprint(model), row_digests(inputs), compute)

    def look_up(self, model_key: str, digests: Sequence[bytes], compute: Compute) -> Tensor:
        """Features [B, d] on the cache's device, of inputs known by their ``digests``; ``compute`` fills the gaps."""
        keys = entry_keys(model_key, digests)
        found = [(tier, tier.find(keys, self.step)) for tier in self._tiers]
        held = {position for _, slots in found for position in slots}
        stored = {} if self._disk is None else self._read_disk(keys, held)
        missing = [position for position in range(len(keys)) if position not in held and position not in stored]
        self.hits += len(keys) - len(missing)
        self.misses += len(missing)
        if len(missing) == len(keys):
            features = compute(None).detach().to(self.device)
            self._keep(keys, features, new=True)
            return features
        computed = compute(torch.tensor(missing)).detach().to(self.device) if missing else None
        parts = [(list(slots), tier.read(list(slots.values()))) for tier, slots in found if slots]
        if stored:
            parts.append((list(stored), torch.stack(list(stored.values()))))
        if computed is not None:
            parts.append((missing, computed))
        features = self._gathered(len(keys), parts)
        lower = [position for position in range(len(keys)) if position not in found[0][1]]
        if lower:
            self._keep([keys[position] for position in lower], features[lower])
        if self._disk is not None and computed is not None:
            self._disk.put([keys[position] for position in missing], computed.cpu().numpy())
        return features

    def clear_expired_cache(self, current_step: int, max_age: int = 1) -> None:
        """Drop rows that were last used more than ``max_age`` steps before ``current_step``."""
        self.step = current_step
        for tier in self._tiers:
            tier.expire(current_step - max_age)
        if self._disk is not None:
            self._disk.next_step()

    def adapt_capacity(self, available_bytes: int) -> None:
        """Hold at most ``available_bytes`` on the cache's device, from now on."""
        self._tiers[0].resize(max(0, available_bytes))

    def unallocated_bytes(self, dim: int, device: torch.device) -> int:
        """What the tiers on ``device`` will still allocate for rows of float32 features [dim]."""
        return sum(tier.unallocated_bytes(4 * dim) for tier in self._tiers if tier.device.type == device.type)

    def flush(self) -> None:
        """Write what the disk is to keep."""
        if self._disk is not None:
            self._disk.flush()

    def clear(self) -> None:
        """Drop what is in memory."""
        for tier in self._tiers:
            tier.clear()

    def _gathered(self, rows: int, parts: Sequence[tuple[list[int], Tensor]]) -> Tensor:
        if len(parts) == 1 and parts[0][0] == list(range(rows)):
            return parts[0][1].to(self.device)
        features = torch.empty(rows, parts[0][1].shape[1], dtype=parts[0][1].dtype, device=self.device)
        for positions, values in parts:
            features[positions] = values.to(self.device)
        return features

    def _read_disk(self, keys: Sequence[bytes], held: set[int]) -> dict[int, Tensor]:
        stored = {}
        for position, key in enumerate(keys):
            if position not in held and self._disk is not None and (row := self._disk.read(key)) is not None:
                stored[position] = torch.from_numpy(row)
        return stored

    def _keep(self, keys: Sequence[bytes], features: Tensor, *, new: bool = False) -> None:
        """On the first tier; what has to go for it moves down. Everything ``new`` is also written to disk."""
        if new and self._disk is not None:
            self._disk.put(keys, features.cpu().numpy())
        moving = self._tiers[0].put(keys, features, self.step)
        for tier in self._tiers[1:]:
            if moving is None:
                return
            moving = tier.put(moving.keys, moving.features, self.step)


def _call(model: nn.Module, inputs: Tensor) -> Tensor:
    features: Tensor = model(inputs)
    return features
