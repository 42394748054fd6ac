"""What a moment and a stretch of a run's memory curve say, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slora_gui.plots.table import StageIndex, known_bytes


@dataclass(frozen=True)
class MemoryCurves:
    """The samples that a plot shows: n times in ascending seconds, and n bytes by counter (NaN: not available).

    ``bands`` are the stages, with ``start_s``, ``end_s``, ``stage`` and ``depth``.
    """

    t_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    counters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    bands: Sequence[Any] = ()

    @cached_property
    def stages(self) -> StageIndex:
        return StageIndex(self.bands)

    def __len__(self) -> int:
        return len(self.t_s)

    def nearest(self, t_s: float) -> int:
        """Index of the sample nearest to ``t_s``; of two equally near the earlier. Needs one sample."""
        after = int(np.searchsorted(self.t_s, t_s))
        if after == 0 or (after < len(self.t_s) and self.t_s[after] - t_s < t_s - self.t_s[after - 1]):
            return after
        return after - 1


@dataclass(frozen=True, slots=True)
class Readout:
    """One sample: its time, its innermost stage, and bytes by counter (None: not available at that moment)."""

    t_s: float
    stage: str
    values: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class CurveStatistics:
    """Of the known samples of one counter in a region; ``change_bytes`` is the last less the first."""

    min_bytes: int
    max_bytes: int
    mean_bytes: float
    change_bytes: int


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """A stretch of time: ``samples`` in it, statistics by counter (None without a known sample), stages it touches."""

    start_s: float
    end_s: float
    samples: int
    curves: Mapping[str, CurveStatistics | None]
    stages: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


def readout_at(curves: MemoryCurves, index: int) -> Readout:
    t_s = float(curves.t_s[index])
    values = {name: known_bytes(column[index]) for name, column in curves.counters.items()}
    return Readout(t_s, curves.stages.at(t_s), values)


def region_statistics(curves: MemoryCurves, start_s: float, end_s: float) -> RegionStatistics:
    """Of the samples with ``start_s`` <= t <= ``end_s``. They are samples: peaks between them are in the counters."""
    first = int(np.searchsorted(curves.t_s, start_s, side="left"))
    last = int(np.searchsorted(curves.t_s, end_s, side="right"))
    return RegionStatistics(
        start_s,
        end_s,
        last - first,
        {name: _statistics(column[first:last]) for name, column in curves.counters.items()},
        curves.stages.within(start_s, end_s),
    )


def _statistics(values: NDArray[np.float64]) -> CurveStatistics | None:
    known = values[~np.isnan(values)]
    if not known.size:
        return None
    return CurveStatistics(int(known.min()), int(known.max()), float(known.mean()), int(known[-1] - known[0]))
