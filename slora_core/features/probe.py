"""Measures what a forward pass takes on two small batches: activations cannot be declared buffer by buffer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.context import RunContext
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import ProbedCost
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Meter
from slora_core.memory.meters import CpuMeter, CudaMeter

SMALL: Final = (8, 24)
_UNEVEN_BYTES: Final = 2 * 1024**2
"""The pool takes segments of at least this size: the line through two of its peaks is only that even."""


_TIMINGS: Final = 2
_OVERHEAD_ITEMS: Final = 4
"""What a batch costs beside its inputs on a CPU, in inputs: fixed, so that no clock decides on the batch."""
_LEAST_SHARE: Final = 0.05
"""Of the time of a small batch that is surely spent on its inputs: a device that waits for the host hides them all."""


class _Peak(NamedTuple):
    allocated: int
    pool: int


def probe_extraction(
    encoders: Sequence[Encoder],
    inputs: NDArray[np.float32] | Tensor,
    device: torch.device,
    *,
    precision: str,
    counts: tuple[int, int] = SMALL,
) -> ProbedCost:
    """Lines through the peaks and the times of two batches of ``counts`` inputs, beside the models.

    ``inputs`` are at least as many as the larger count; what they show does not matter.
    """
    peaks, seconds = [], []
    for count in counts:
        part = ArrayInputs(inputs[:count])
        extractor = Extractor(RunContext(device), count, precision=precision)
        extract = partial(_extract, extractor, encoders, part)
        peaks.append(_peak(extract, device))
        seconds.append(min(_seconds(extract) for _ in range(_TIMINGS)) / len(encoders))
    fixed, item = _line(counts, peaks[0].allocated, peaks[1].allocated)
    pool_fixed, pool_item = _line(counts, peaks[0].pool, peaks[1].pool)
    uneven = _UNEVEN_BYTES if device.type == "cuda" else 0
    if device.type == "cpu":
        item_s = seconds[1] / (counts[1] + _OVERHEAD_ITEMS)
        batch_s = _OVERHEAD_ITEMS * item_s
    else:
        item_s = max((seconds[1] - seconds[0]) / (counts[1] - counts[0]), _LEAST_SHARE * seconds[1] / counts[1])
        batch_s = max(0.0, seconds[0] - counts[0] * item_s)
    return ProbedCost(fixed, item, item_s, batch_s, pool_fixed + uneven, pool_item)


def _line(counts: tuple[int, int], first: int, second: int) -> tuple[int, int]:
    """(fixed, a row) of the line through the peaks of two counts; neither below 0."""
    item = max(0, -(-(second - first) // (counts[1] - counts[0])))
    return max(0, second - counts[1] * item), item


def _peak(run: Callable[[], None], device: torch.device) -> _Peak:
    """Bytes allocated at the worst moment of ``run`` beyond what was before, and what the pool took beyond those."""
    ledger = Ledger()
    meter: Meter = CpuMeter(ledger) if device.type == "cpu" else CudaMeter(device)
    with ExitStack() as stack:
        if device.type == "cpu":
            stack.enter_context(ledger)
        else:
            torch.cuda.empty_cache()
        before = meter.read()
        meter.push()
        run()
        peak = meter.pop()
    allocated = (peak.allocated_bytes or 0) - (before.allocated_bytes or 0)
    reserved = (peak.reserved_bytes or 0) - (before.reserved_bytes or 0)
    return _Peak(allocated, max(0, reserved - allocated) if device.type == "cuda" else 0)


def _extract(extractor: Extractor, encoders: Sequence[Encoder], inputs: ArrayInputs) -> None:
    extractor.extract(encoders, [inputs], _drop)


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _drop(_: int, __: int, ___: NDArray[np.float32]) -> None:
    return
