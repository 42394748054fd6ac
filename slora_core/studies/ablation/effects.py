"""The effect of one measure as figures. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, median and largest of ``runs`` repetitions."""

    least: float
    median: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        found = list(values)
        return cls(min(found), median(found), max(found), len(found)) if found else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What switching one measure on does, other switches as ``view`` says. None: not available.

    ``saving`` is 1 - peak with / peak without, of allocated bytes; ``saving_reserved`` the same of CUDA's pool.
    ``best_stage`` gains most (``best_stage_saving``). ``time_change`` is with / without - 1, its spread from the
    extremes of both. ``deviation`` is the largest relative deviation of the moved statistics from the run that the
    view starts from; ``accuracy_change`` the mean change of all accuracies, in 0..1. ``idle`` says why the measure
    cannot act in this job ("no model runs"); ``unchanged``: every stage took the same memory and chose the same.
    ``verdict`` says all of it in a word.
    """

    view: str
    measure: str
    priority: str
    expected: tuple[float, float] | None
    peak_without_bytes: int | None = None
    peak_with_bytes: int | None = None
    reserved_without_bytes: int | None = None
    reserved_with_bytes: int | None = None
    saving: float | None = None
    saving_reserved: float | None = None
    best_stage: str = ""
    best_stage_saving: float | None = None
    seconds_without: Spread | None = None
    seconds_with: Spread | None = None
    time_change: Spread | None = None
    deviation: float | None = None
    accuracy_change: float | None = None
    idle: str = ""
    unchanged: bool = False
    failure: str = ""
    verdict: str = ""
