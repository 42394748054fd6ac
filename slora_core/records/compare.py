"""Two or more runs side by side as data: common metrics with signed difference and ratio against the first run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from slora_core.errors import InputError
from slora_core.events import StagePeaks
from slora_core.records.header import RunHeader
from slora_core.records.run_file import Accuracy, StageRecord
from slora_core.types import largest_known
from slora_core.wording import counted

Unit: TypeAlias = Literal["bytes", "s", "fraction", "flag"]
Group: TypeAlias = Literal["overall", "operator", "stage", "accuracy"]
Value: TypeAlias = float | int | bool | None

COMPENSATION: Final = "all operators"
_PEAKS: Final = ("allocated_bytes", "reserved_bytes", "rss_bytes")


@dataclass(frozen=True, slots=True)
class Metric:
    """One quantity of every run; None is "not available".

    ``subject`` is the stage path, or "variant / classifier", or "". Against the first run: ``differences`` are
    value - base, ``ratios`` value / base; None where either is missing, the base is 0, or the unit is "flag".
    """

    group: Group
    subject: str
    name: str
    unit: Unit
    values: tuple[Value, ...]
    differences: tuple[float | int | None, ...]
    ratios: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``labels`` name the runs in order, the base first; every metric has one value a run."""

    labels: tuple[str, ...]
    metrics: tuple[Metric, ...]

    def metric(self, group: Group, subject: str, name: str) -> Metric:
        """Raises KeyError."""
        for metric in self.metrics:
            if (metric.group, metric.subject, metric.name) == (group, subject, name):
                return metric
        raise KeyError((group, subject, name))

    def without(self, group: Group) -> Comparison:
        """The same comparison, less the metrics of one group."""
        return Comparison(self.labels, tuple(metric for metric in self.metrics if metric.group != group))


@dataclass(frozen=True, slots=True)
class _StageTotal:
    """All runs of one stage path together: seconds add up, peaks are the largest.

    Of several ranks the slowest counts, and the largest peak.
    """

    seconds: float | None
    allocated_bytes: int | None
    reserved_bytes: int | None
    rss_bytes: int | None


class RecordedRun(Protocol):
    """What a comparison reads of a run: an open run file, or a run in memory that says the same."""

    @property
    def path(self) -> Path: ...

    @property
    def header(self) -> RunHeader: ...

    @property
    def peaks(self) -> StagePeaks: ...

    def ranks(self) -> tuple[int, ...]: ...

    def stages(self, rank: int = 0) -> list[StageRecord]: ...

    def accuracies(self) -> list[Accuracy]: ...


def compare(runs: Sequence[RecordedRun], labels: Sequence[str] | None = None) -> Comparison:
    """Compare ``runs`` against the first; ``labels`` default to :func:`run_labels`. Raises InputError below two."""
    if len(runs) < 2:
        raise InputError(f"a comparison of {counted(len(runs), 'run')}: expected at least two")
    metrics = [*_overall(runs), *_operators(runs), *_stages(runs), *_accuracies(runs)]
    return Comparison(tuple(labels or run_labels(runs)), tuple(metrics))


def run_labels(runs: Sequence[RecordedRun]) -> tuple[str, ...]:
    """File names without their ending; a name that comes again is numbered."""
    labels: list[str] = []
    for run in runs:
        again = sum(other.path.stem == run.path.stem for other in runs[: len(labels)])
        labels.append(f"{run.path.stem} ({again + 1})" if again else run.path.stem)
    return tuple(labels)


def _overall(runs: Sequence[RecordedRun]) -> Iterable[Metric]:
    peaks = [run.peaks for run in runs]
    headers = [run.header for run in runs]
    for name in _PEAKS:
        yield _metric("overall", "", f"peak_{name}", "bytes", [getattr(peak, name) for peak in peaks])
    yield _metric("overall", "", "seconds", "s", [header.seconds for header in headers])
    yield _metric("overall", "", "budget_bytes", "bytes", [header.budget_bytes for header in headers])
    yield _metric("overall", "", "within_budget", "flag", [header.within_budget for header in headers])


def _operators(runs: Sequence[RecordedRun]) -> Iterable[Metric]:
    """Fit and move of each operator over all tasks: seconds add up, peaks are the largest; then all of them."""
    tables = []
    for run in runs:
        stages = [stage for stage in _all_stages(run) if stage.stage.endswith((".fit", ".move"))]
        named = [replace(stage, stage=stage.stage.split(".")[-2]) for stage in stages]
        tables.append(_stage_totals([*named, *(replace(stage, stage=COMPENSATION) for stage in stages)]))
    yield from _totals("operator", tables)


def _stages(runs: Sequence[RecordedRun]) -> Iterable[Metric]:
    yield from _totals("stage", [_stage_totals(_all_stages(run)) for run in runs])


def _all_stages(run: RecordedRun) -> list[StageRecord]:
    return [stage for rank in run.ranks() for stage in run.stages(rank)]


def _totals(group: Group, tables: Sequence[dict[str, _StageTotal]]) -> Iterable[Metric]:
    missing = _StageTotal(None, None, None, None)
    for stage in dict.fromkeys(name for table in tables for name in table):
        totals = [table.get(stage, missing) for table in tables]
        for name in _PEAKS:
            yield _metric(group, stage, f"peak_{name}", "bytes", [getattr(total, name) for total in totals])
        yield _metric(group, stage, "seconds", "s", [total.seconds for total in totals])


def _accuracies(runs: Sequence[RecordedRun]) -> Iterable[Metric]:
    """Those of the last task of each run."""
    tables = []
    for run in runs:
        rows = run.accuracies()
        last = max((row.task for row in rows), default=0)
        tables.append({(row.variant, row.classifier): row.accuracy for row in rows if row.task == last})
    for variant, classifier in dict.fromkeys(key for table in tables for key in table):
        values = [table.get((variant, classifier)) for table in tables]
        yield _metric("accuracy", f"{variant} / {classifier}", "accuracy", "fraction", values)


def _stage_totals(stages: Sequence[StageRecord]) -> dict[str, _StageTotal]:
    runs_of: dict[str, list[StageRecord]] = {}
    for stage in stages:
        runs_of.setdefault(stage.stage, []).append(stage)
    return {
        name: _StageTotal(
            _slowest(rows),
            largest_known(row.allocated_bytes for row in rows),
            largest_known(row.reserved_bytes for row in rows),
            largest_known(row.rss_bytes for row in rows),
        )
        for name, rows in runs_of.items()
    }


def _slowest(rows: Sequence[StageRecord]) -> float | None:
    """Seconds of the rank that took longest."""
    spent: dict[int, float] = {}
    for row in rows:
        if row.seconds is not None:
            spent[row.rank] = spent.get(row.rank, 0.0) + row.seconds
    return max(spent.values(), default=None)


def _metric(group: Group, subject: str, name: str, unit: Unit, values: Sequence[Value]) -> Metric:
    base = None if unit == "flag" else values[0]
    differences = tuple(None if base is None or value is None else value - base for value in values)
    ratios = tuple(None if not base or value is None else value / base for value in values)
    return Metric(group, subject, name, unit, tuple(values), differences, ratios)
