"""Frames and other repeated work, in time that went by and in time of the processor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QCoreApplication

Frame: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of repeated work: ``count`` times, the middle one, the slowest of twenty, the slowest.

    ``cpu_ms`` is the mean processor time, which other work on the machine changes less.
    """

    what: str
    count: int
    median_ms: float
    p95_ms: float
    worst_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, what: str, frames: Sequence[Frame]) -> Measured:
        ms, cpu_ms = 1e3 * np.array(frames).T
        return cls(
            what, len(ms), float(np.median(ms)), float(np.percentile(ms, 95)), float(ms.max()), float(cpu_ms.mean())
        )


def painted(change: Callable[[], object]) -> Frame:
    """(seconds, processor seconds) of ``change`` and of the frame that it causes."""
    started, cpu_started = time.perf_counter(), time.process_time()
    change()
    QCoreApplication.processEvents()
    return time.perf_counter() - started, time.process_time() - cpu_started
