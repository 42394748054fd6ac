"""Models as functions from a batch of inputs to features [b, d]."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from slora_core.errors import InputError

PRECISIONS: dict[str, torch.dtype | None] = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""The dtype of autocast; None runs without."""

_CHANGING: Final[WeakKeyDictionary[nn.Module, frozenset[str]]] = WeakKeyDictionary()
_WRAPPERS: Final = (nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel)


class Encoder(Protocol):
    """One model, or one state of a model that several encoders share."""

    @property
    def key(self) -> str:
        """What tells its features from those of any other weights; asked for when features are cached."""

    def modules(self) -> Iterable[nn.Module]:
        """Every module whose mode matters."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Features [b, d] of ``inputs`` [b, ...]."""


class ModuleEncoder:
    """A module of the caller: its ``forward_features`` where it has one, else the module itself.

    What merely wraps a module (DataParallel, DistributedDataParallel, AveragedModel) is looked through: its own forward
    gives what the head makes of the features. ``key`` is the SHA-256 of type, parameters, buffers and plain settings,
    but for those that a pass changes. Raises InputError for an output that holds no features.
    """

    def __init__(self, module: nn.Module) -> None:
        while isinstance(module, _WRAPPERS):
            module = module.module
        self.module = module
        self._key: str | None = None

    @property
    def key(self) -> str:
        if self._key is None:
            from slora_core.features.cache.keys import fingerprint, plain_settings

            changing = _CHANGING.get(self.module, frozenset())
            settings = {name: text for name, text in plain_settings(self.module).items() if name not in changing}
            self._key = hashlib.sha256(f"{fingerprint(self.module)}{settings}".encode()).hexdigest()
        return self._key

    def modules(self) -> Iterable[nn.Module]:
        return self.module.modules()

    def __call__(self, inputs: Tensor) -> Tensor:
        forward = getattr(self.module, "forward_features", self.module)
        with _watched(self.module):
            return pooled(forward(inputs), self.module)


@contextmanager
def _watched(module: nn.Module) -> Iterator[None]:
    """Learn in a module's first pass which of its settings are counters: a pass changes them."""
    if module in _CHANGING:
        yield
        return
    from slora_core.features.cache.keys import plain_settings

    before = plain_settings(module)
    yield
    after = plain_settings(module)
    _CHANGING[module] = frozenset(name for name in before | after if before.get(name) != after.get(name))


def pooled(output: Any, module: nn.Module) -> Tensor:
    """Features [b, d] in what a model returned.

    A tensor [b, d] is taken as it is, of [b, tokens, d] what the model's ``forward_head(..., pre_logits=True)`` makes
    of it, else the class token; of a record or a mapping ``features`` or the class token of ``last_hidden_state``.
    """
    if isinstance(output, Tensor):
        if output.ndim == 2:
            return output
        if output.ndim == 3:
            head = getattr(module, "forward_head", None)
            return pooled(head(output, pre_logits=True), module) if head is not None else output[:, 0]
    for name in ("features", "last_hidden_state"):
        found = output.get(name) if isinstance(output, Mapping) else getattr(output, name, None)
        if isinstance(found, Tensor) and found.ndim in (2, 3):
            return found if found.ndim == 2 else found[:, 0]
    what = f"a tensor of shape {list(output.shape)}" if isinstance(output, Tensor) else f"a {type(output).__name__}"
    raise InputError(
        f"model {type(module).__name__} returned {what}; expected features [b, d], tokens [b, t, d], or 'features' or"
        " 'last_hidden_state' in a record",
        "give the model a method forward_features(inputs) that returns [b, d]",
    )
