"""Features of the same inputs under two models, in one pass over the inputs, so that pairs can never mis-align.

Progressive release: a batch's features leave the device at once and are written where the caller wants them. Without it
they are collected on the device and concatenated at the end, as the seed did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from slora_core.context import RunContext
from slora_core.features.cache import SmartFeatureCache, fingerprint

Sink: TypeAlias = Callable[[int, int, NDArray[np.float32]], None]
"""``sink(model number, first row, features [b, d])``."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Inputs [M, ...] float32 of one kind; their features are looked up in ``cache`` when there is one."""

    inputs: NDArray[np.float32]
    cache: SmartFeatureCache | None = None


@dataclass(frozen=True, slots=True)
class Extractor:
    """How features are computed: ``batch`` inputs at a time, the forward pass in bfloat16 with ``mixed_precision``."""

    ctx: RunContext
    batch: int
    progressive_release: bool = True
    mixed_precision: bool = False

    def encode(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """Features [b, d] in float32."""
        with torch.autocast(self.ctx.device.type, torch.bfloat16, enabled=self.mixed_precision):
            features: Tensor = model(inputs)
        return features.float()

    def extract(self, models: Sequence[nn.Module], segments: Sequence[Segment], sink: Sink) -> None:
        """Every input through every model; advances by inputs. Modes, gradients and random state are left as found."""
        keys = [fingerprint(model) if any(segment.cache for segment in segments) else "" for model in models]
        collected: list[list[Tensor]] = [[] for _ in models]
        with torch.no_grad(), _as_found(self.ctx.device), _evaluating(models):
            for row, segment, batch in self._batches(segments):
                for number, (model, key) in enumerate(zip(models, keys, strict=True)):
                    features = self._features(model, key, segment, batch)
                    if self.progressive_release:
                        sink(number, row, features.cpu().numpy())
                    else:
                        collected[number].append(features)
                    del features
                self.ctx.advance(len(batch))
        joined = [torch.cat(pieces) for pieces in collected if pieces]
        for number, features in enumerate(joined):
            sink(number, 0, features.cpu().numpy())

    def _features(self, model: nn.Module, key: str, segment: Segment, batch: Tensor) -> Tensor:
        if segment.cache is None:
            return self.encode(model, batch)
        return segment.cache.get_features(model, batch, model_key=f"{key}{self.mixed_precision}")

    def _batches(self, segments: Sequence[Segment]) -> Iterator[tuple[int, Segment, Tensor]]:
        row = 0
        for segment in segments:
            for start in range(0, len(segment.inputs), self.batch):
                inputs = segment.inputs[start : start + self.batch]
                yield row, segment, torch.from_numpy(inputs).to(self.ctx.device)
                row += len(inputs)


@contextmanager
def _as_found(device: torch.device) -> Iterator[None]:
    """The default generators afterwards as before, also for a model that draws numbers in evaluation."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


@contextmanager
def _evaluating(models: Sequence[nn.Module]) -> Iterator[None]:
    """Evaluation mode inside; every module's own mode as found afterwards."""
    modes = [(module, module.training) for model in models for module in model.modules()]
    try:
        for model in models:
            model.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training
