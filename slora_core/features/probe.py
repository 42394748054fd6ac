"""Measures what a forward pass takes on small batches: activations cannot be declared buffer by buffer.

On a CPU two small batches tell: there the line through them holds. A CUDA device is asked batch by batch, from one
input upwards, while that pays and the budget has room.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.context import RunContext
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import MeasuredBatch, ProbedCost
from slora_core.memory.devices import profile_of
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Meter, Reading
from slora_core.memory.meters import CpuMeter, CudaMeter
from slora_core.memory.pool import release_library_workspaces

SMALL: Final = (8, 24)
CUDA_BATCHES: Final = (1, 8, 32, 64, 128, 256)
_PAYS: Final = 1.02
"""A larger batch has to give so many times the images a second, or none that is larger still is measured."""
_PEAK_BATCHES: Final = 3
"""One after another: the pool may find no room for the second where it found some for the first."""
_TIMINGS: Final = 2
_OVERHEAD_ITEMS: Final = 4
"""What a batch costs beside its inputs on a CPU, in inputs: fixed, so that no clock decides on the batch."""


def probe_extraction(
    encoders: Sequence[Encoder],
    inputs: NDArray[np.float32] | Tensor,
    device: torch.device,
    *,
    precision: str,
    counts: tuple[int, int] = SMALL,
    batches: Sequence[int] = CUDA_BATCHES,
    room_bytes: int | None = None,
) -> ProbedCost:
    """Peaks and times of small batches, beside the models.

    On a CPU of ``counts`` inputs, on CUDA of ``batches``, ascending, as far as ``room_bytes`` hold them. ``inputs`` are
    at least as many as the larger count, and repeated where more are wanted: what they show does not matter.
    """
    if device.type == "cuda":
        measured = _measured_batches(encoders, torch.as_tensor(inputs), device, precision, batches, room_bytes)
        return ProbedCost(0, 0, 0.0, batches=tuple(measured))
    peaks, seconds = [], []
    for count in counts:
        extract = _pass(encoders, torch.as_tensor(inputs), device, precision, count)
        with Ledger() as ledger:
            peaks.append(_peak(extract, CpuMeter(ledger)).allocated_bytes or 0)
        seconds.append(min(_seconds(extract) for _ in range(_TIMINGS)) / len(encoders))
    item = max(0, -(-(peaks[1] - peaks[0]) // (counts[1] - counts[0])))
    item_s = seconds[1] / (counts[1] + _OVERHEAD_ITEMS)
    return ProbedCost(max(0, peaks[1] - counts[1] * item), item, item_s, _OVERHEAD_ITEMS * item_s)


def _measured_batches(  # noqa: PLR0917
    encoders: Sequence[Encoder],
    inputs: Tensor,
    device: torch.device,
    precision: str,
    batches: Sequence[int],
    room_bytes: int | None,
) -> Iterator[MeasuredBatch]:
    """From the smallest on, until the next would not fit by what the last took, or is none, or the last did not pay."""
    best = 0.0
    last: MeasuredBatch | None = None
    with _library_workspaces(device) as library:
        _pass(encoders, inputs, device, precision, batches[0])()
        library_bytes = library()
        for count in batches:
            expected = (last.peak_bytes + last.pool_bytes) * count // last.batch if last is not None else 0
            if room_bytes is not None and expected > room_bytes:
                return
            extract = _pass(encoders, inputs, device, precision, count)
            several = _pass(encoders, inputs, device, precision, count, batches=_PEAK_BATCHES)
            gc.collect()
            torch.cuda.empty_cache()
            try:
                peak = _peak(several, CudaMeter(device))
            except torch.OutOfMemoryError:
                if last is None:
                    raise
                return
            allocated, reserved = peak.allocated_bytes or 0, peak.reserved_bytes or 0
            seconds = _seconds(extract) / len(encoders)
            last = MeasuredBatch(count, library_bytes + allocated, max(0, reserved - allocated), seconds)
            yield last
            if count / seconds < _PAYS * best:
                return
            best = count / seconds


@contextmanager
def _library_workspaces(device: torch.device) -> Iterator[Callable[[], int]]:
    """A function that tells what libraries hold since the beginning beyond the matrix workspace that every run has.

    They are given back at the end: the run works on another stream, where they come again.
    """
    release_library_workspaces(device)
    before = torch.cuda.memory_allocated(device)
    standing = profile_of(device).standing_bytes
    try:
        yield lambda: max(0, torch.cuda.memory_allocated(device) - before - standing)
    finally:
        release_library_workspaces(device)


def _pass(
    encoders: Sequence[Encoder], inputs: Tensor, device: torch.device, precision: str, count: int, *, batches: int = 1
) -> Callable[[], None]:
    """A batch of ``count`` through every model, ``batches`` times."""
    times = -(-count // len(inputs))
    parts = [ArrayInputs(inputs.repeat(times, *[1] * (inputs.ndim - 1))[:count])] * batches
    return partial(_extract, Extractor(RunContext(device), count, precision=precision), encoders, parts)


def _peak(run: Callable[[], None], meter: Meter) -> Reading:
    """Of ``run``, beyond what was before."""
    before = meter.read()
    meter.push()
    run()
    peak = meter.pop()
    reserved = None if peak.reserved_bytes is None else peak.reserved_bytes - (before.reserved_bytes or 0)
    return Reading((peak.allocated_bytes or 0) - (before.allocated_bytes or 0), reserved)


def _extract(extractor: Extractor, encoders: Sequence[Encoder], inputs: Sequence[ArrayInputs]) -> None:
    extractor.extract(encoders, inputs, _drop)


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _drop(_: int, __: int, ___: NDArray[np.float32]) -> None:
    return
