"""What a run of several ranks shows beside its first: a summary of each, the slowest, and the band of their curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slora_core.records.run_file import RunFile, StageRecord
from slora_core.records.schema import SAMPLE_COUNTERS
from slora_core.types import largest_known


@dataclass(frozen=True, slots=True)
class RankSummary:
    """One rank over its outermost stages: seconds add up, peaks are the largest. None is "not available"."""

    rank: int
    seconds: float
    allocated_bytes: int | None
    reserved_bytes: int | None
    rss_bytes: int | None
    communicated_bytes: int | None


@dataclass(frozen=True, slots=True)
class Band:
    """A counter over all ranks at the times ``t_s`` [n]: the lowest and the highest value; NaN is "not available"."""

    t_s: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def rank_summaries(run: RunFile) -> tuple[RankSummary, ...]:
    """One a rank, ascending."""
    return tuple(rank_summary(rank, run.stages(rank)) for rank in run.ranks())


def slowest_rank(run: RunFile, stage: str) -> int | None:
    """The rank that needed longest for ``stage``, the lowest of equals; None when no rank has finished it."""
    spent = {
        rank: sum(row.seconds for row in run.stages(rank) if row.stage == stage and row.seconds is not None)
        for rank in run.ranks()
    }
    rank = max(spent, key=lambda rank: (spent[rank], -rank))
    return rank if spent[rank] > 0 else None


def band(run: RunFile, counter: str) -> Band:
    """The band of ``counter`` over all ranks, at the times at which rank 0 was sampled.

    Between the samples of a rank its last one holds; before its first and after its last it is left out. Raises
    KeyError for an unknown counter.
    """
    if counter not in SAMPLE_COUNTERS:
        raise KeyError(counter)
    t_s = run.samples(0).t_s
    rows = []
    for rank in run.ranks():
        samples = run.samples(rank)
        if not len(samples):
            continue
        at = np.searchsorted(samples.t_s, t_s, side="right") - 1
        values = samples.counters[counter][np.maximum(at, 0)]
        rows.append(np.where((at < 0) | (t_s > samples.t_s[-1]), np.nan, values))
    table = np.array(rows, np.float64).reshape(len(rows), len(t_s))
    known = ~np.isnan(table)
    return Band(
        t_s,
        np.where(known.any(axis=0), np.where(known, table, np.inf).min(axis=0, initial=np.inf), np.nan),
        np.where(known.any(axis=0), np.where(known, table, -np.inf).max(axis=0, initial=-np.inf), np.nan),
    )


def rank_summary(rank: int, stages: Sequence[StageRecord]) -> RankSummary:
    """One rank by its stages."""
    top = [stage for stage in stages if not stage.parent]
    return RankSummary(
        rank,
        sum(stage.seconds or 0.0 for stage in top),
        largest_known(stage.allocated_bytes for stage in top),
        largest_known(stage.reserved_bytes for stage in top),
        largest_known(stage.rss_bytes for stage in top),
        _total(stage.communicated_bytes for stage in top),
    )


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
