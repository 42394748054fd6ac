"""Measures what a forward pass takes on two small batches: activations cannot be declared buffer by buffer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from slora_core.context import RunContext
from slora_core.features.extraction import Extractor, Segment
from slora_core.features.plan import ProbedCost
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Meter
from slora_core.memory.meters import CpuMeter, CudaMeter

SMALL: Final = (8, 24)


def probe_extraction(
    models: Sequence[nn.Module], inputs: NDArray[np.float32], device: torch.device, *, mixed_precision: bool
) -> ProbedCost:
    """A line through the peaks of 8 and of 24 inputs, beside the models themselves; and the time of the larger."""
    peaks, seconds = [], 0.0
    for count in SMALL:
        segment = Segment(np.ascontiguousarray(inputs[:count]))
        extractor = Extractor(RunContext(device), count, mixed_precision=mixed_precision)
        peaks.append(_peak(lambda e=extractor, s=segment: e.extract(models, [s], _drop), device))  # type: ignore[misc]
        started = time.perf_counter()
        extractor.extract(models, [segment], _drop)
        seconds = time.perf_counter() - started
    item = -(-(peaks[1] - peaks[0]) // (SMALL[1] - SMALL[0]))
    return ProbedCost(max(0, peaks[1] - SMALL[1] * item), item, seconds / SMALL[1] / len(models))


def _peak(run: Callable[[], None], device: torch.device) -> int:
    """Bytes allocated at the worst moment of ``run``, beyond what was before."""
    ledger = Ledger()
    meter: Meter = CpuMeter(ledger) if device.type == "cpu" else CudaMeter(device)
    with ExitStack() as stack:
        if device.type == "cpu":
            stack.enter_context(ledger)
        before = meter.read().allocated_bytes or 0
        meter.push()
        run()
        return (meter.pop().allocated_bytes or 0) - before


def _drop(_: int, __: int, ___: NDArray[np.float32]) -> None:
    return
