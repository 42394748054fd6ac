"""Models as functions from a batch of inputs to features [b, d]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from slora_core.errors import InputError

PRECISIONS: dict[str, torch.dtype | None] = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""The dtype of autocast; None runs without."""


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

    ``key`` is the SHA-256 of type, parameters and buffers. Raises InputError for an output that holds no features.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self._key: str | None = None

    @property
    def key(self) -> str:
        if self._key is None:
            from slora_core.features.cache.keys import fingerprint

            self._key = fingerprint(self.module)
        return self._key

    def modules(self) -> Iterable[nn.Module]:
        return self.module.modules()

    def __call__(self, inputs: Tensor) -> Tensor:
        forward = getattr(self.module, "forward_features", self.module)
        return pooled(forward(inputs), self.module)


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
