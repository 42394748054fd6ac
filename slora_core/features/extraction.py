"""Features of the same inputs under two models, in one pass over the inputs, so that pairs can never mis-align.

Progressive release: a batch's features leave the device at once and are written where the caller wants them. Without it
they are collected on the device and concatenated at the end, as the seed did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.features.cache.smart import SmartFeatureCache
from slora_core.features.encoders import PRECISIONS, Encoder
from slora_core.features.inputs import InputBatch, Inputs

Sink: TypeAlias = Callable[[int, int, NDArray[np.float32]], None]
"""``sink(model number, first row, features [b, d])``; the rows of a model come in order."""
Settle: TypeAlias = Callable[[NDArray[np.int64]], None]
"""``settle(labels [b])``, once every model's features of a batch are in the sink."""


@dataclass(slots=True)
class Extractor:
    """How features are computed: ``batch`` inputs at a time, the forward pass in ``precision`` (fp32, bf16, fp16).

    ``passes`` counts the rows that went through a model; what ``cache`` holds does not. ``dim`` is that of the
    features, known after the first batch.
    """

    ctx: RunContext
    batch: int
    progressive_release: bool = True
    precision: str = "fp32"
    cache: SmartFeatureCache | None = None
    passes: int = 0
    dim: int | None = None
    _turn: int = field(default=0, repr=False)

    def encode(self, encoder: Encoder, inputs: Tensor) -> Tensor:
        """Features [b, d] in float32, of ``inputs`` on the device."""
        dtype = PRECISIONS[self.precision]
        self.passes += len(inputs)
        # Every weight is used once a pass: a cache of the converted ones would only keep them all until its end.
        with torch.autocast(self.ctx.device.type, dtype, enabled=dtype is not None, cache_enabled=False):
            features = encoder(inputs)
        return features.float()

    def extract(
        self, encoders: Sequence[Encoder], inputs: Sequence[Inputs], sink: Sink, settle: Settle | None = None
    ) -> NDArray[np.int64]:
        """Every input through every model; returns the labels [N] of the rows that came. Advances by inputs.

        ``settle`` is called after each batch, which needs progressive release. Modes, gradients and random state are
        left as found. Raises InputError when the models' features differ in d.
        """
        keys = [f"{encoder.key}:{self.precision}" if self.cache else "" for encoder in encoders]
        collected: list[list[Tensor]] = [[] for _ in encoders]
        labels = [np.empty(0, np.int64)]
        row = 0
        with torch.no_grad(), _as_found(self.ctx.device), _evaluating(encoders):
            for batch in self._batches(inputs):
                on_device = _Upload(batch.values, self.ctx.device)
                for number in self._order(len(encoders)):
                    features = self._features(encoders[number], keys[number], batch, on_device)
                    if self.progressive_release:
                        sink(number, row, features.cpu().numpy())
                    else:
                        collected[number].append(features)
                    del features
                del on_device
                if settle is not None:
                    settle(batch.labels)
                labels.append(batch.labels)
                row += len(batch)
                self.ctx.advance(len(batch))
        for number, pieces in enumerate(collected):
            if pieces:
                sink(number, 0, torch.cat(pieces).cpu().numpy())
                pieces.clear()
        return np.concatenate(labels)

    def _order(self, encoders: int) -> range:
        """Back and forth, so that encoders that share a backbone switch it once a batch.

        With a cache always in one order: the least recently used rows are then those that nobody will ask for.
        """
        forward = self.cache is not None or self._turn % 2 == 0
        self._turn += 1
        return range(encoders) if forward else range(encoders - 1, -1, -1)

    def _batches(self, inputs: Sequence[Inputs]) -> Iterator[InputBatch]:
        for part in inputs:
            yield from part.batches(self.batch, digests=self.cache is not None)

    def _features(self, encoder: Encoder, key: str, batch: InputBatch, upload: _Upload) -> Tensor:
        def compute(index: Tensor | None) -> Tensor:
            values = upload.get()
            features = self.encode(encoder, values if index is None else values[index.to(values.device)])
            self._check(features, values)
            return features

        if self.cache is None or batch.digests is None:
            return compute(None)
        return self.cache.look_up(key, batch.digests, compute)

    def _check(self, features: Tensor, inputs: Tensor) -> None:
        if self.dim is None:
            self.dim = features.shape[1]
        elif features.shape[1] != self.dim:
            raise InputError(
                f"the models' features differ in dimension: d = {self.dim} and d = {features.shape[1]}; expected the"
                " same d before and after the task"
            )


class _Upload:
    """A batch on the device, taken there when the first model needs it."""

    def __init__(self, values: Tensor, device: torch.device) -> None:
        self._values = values
        self._device = device

    def get(self) -> Tensor:
        self._values = self._values.to(self._device, non_blocking=True)
        return self._values


@contextmanager
def _as_found(device: torch.device) -> Iterator[None]:
    """The default generators afterwards as before, also for a model that draws numbers in evaluation."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


@contextmanager
def _evaluating(encoders: Sequence[Encoder]) -> Iterator[None]:
    """Evaluation mode inside; every module's own mode as found afterwards."""
    modes = [(module, module.training) for encoder in encoders for module in encoder.modules()]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training
