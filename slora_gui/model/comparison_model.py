"""Two or more runs side by side: which they are, which is the base, and their common metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from slora_core.records.compare import Comparison, Metric, Unit, Value, compare
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.rows_table import Column, RowsTable
from slora_gui.model.run_model import RunModel
from slora_gui.model.run_state import ComparedState
from slora_gui.model.stage_texts import stage_text
from slora_gui.model.texts import flag_text, percent_text, ratio_text, seconds_text, size_text

_NAMES: Final = {
    "peak_allocated_bytes": QT_TRANSLATE_NOOP("Tables", "peak allocated"),
    "peak_reserved_bytes": QT_TRANSLATE_NOOP("Tables", "peak reserved"),
    "peak_rss_bytes": QT_TRANSLATE_NOOP("Tables", "peak RSS"),
    "seconds": QT_TRANSLATE_NOOP("Tables", "time"),
    "budget_bytes": QT_TRANSLATE_NOOP("Tables", "budget"),
    "within_budget": QT_TRANSLATE_NOOP("Tables", "within budget"),
    "accuracy": QT_TRANSLATE_NOOP("Tables", "accuracy"),
}
_TEXTS: Final[dict[Unit, Callable[..., str]]] = {
    "bytes": size_text,
    "s": seconds_text,
    "fraction": percent_text,
    "flag": lambda value, signed=False: "" if signed else flag_text(value),
}
_MEASURED: Final = ("status", "stages", "accuracies")


class ComparisonModel(QObject):
    """Holds the runs in the order in which they were added; ``base`` is the index of the one compared against.

    Runs that are still going are compared by what they have measured so far.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[RunModel] = []
        self._base = 0
        self._comparison: Comparison | None = None

    @property
    def runs(self) -> tuple[RunModel, ...]:
        return tuple(self._runs)

    @property
    def labels(self) -> tuple[str, ...]:
        """The titles of the runs without what all begin with; one that comes again is numbered."""
        labels: list[str] = []
        for title in _told_apart([run.title or QCoreApplication.translate("Comparison", "run") for run in self._runs]):
            label, number = title, 1
            while label in labels:
                number += 1
                label = f"{title} ({number})"
            labels.append(label)
        return tuple(labels)

    @property
    def base(self) -> int:
        return self._base

    def set_base(self, index: int) -> None:
        """Compare against this run. Raises IndexError."""
        if not 0 <= index < len(self._runs):
            raise IndexError(f"run {index} of {len(self._runs)}")
        if index != self._base:
            self._base = index
            self._invalidate()

    def add(self, run: RunModel | str | Path) -> RunModel:
        """Add a run, or the one in a file, once. Raises InputError for a file that cannot be read."""
        if not isinstance(run, RunModel):
            path = Path(run).absolute()
            known = next((found for found in self._runs if found.path and found.path.absolute() == path), None)
            run = known or RunModel.open(run, self)
        if run not in self._runs:
            self._runs.append(run)
            run.changed.connect(self._run_changed)
            self._invalidate()
        return run

    def remove(self, index: int) -> None:
        """Take a run out; without the base, the first becomes the base. Raises IndexError."""
        run = self._runs.pop(index)
        run.changed.disconnect(self._run_changed)
        if index == self._base:
            self._base = 0
        elif index < self._base:
            self._base -= 1
        self._invalidate()

    def clear(self) -> None:
        for run in self._runs:
            run.changed.disconnect(self._run_changed)
        self._runs, self._base = [], 0
        self._invalidate()

    @property
    def order(self) -> tuple[int, ...]:
        """Indices of the runs as they are compared: the base, then the others."""
        return (self._base, *(index for index in range(len(self._runs)) if index != self._base))

    @property
    def comparison(self) -> Comparison | None:
        """Metrics of the runs in ``order``, with signed differences from the base; None below two runs."""
        found = self.labels
        labels = tuple(found[index] for index in self.order) if found else ()
        if len(labels) > 1 and (self._comparison is None or self._comparison.labels != labels):
            compared = [ComparedState(self._runs[i].state, label) for i, label in zip(self.order, labels, strict=True)]
            self._comparison = compare(compared, labels)
        return self._comparison

    @Slot(str)
    def _run_changed(self, aspect: str) -> None:
        if aspect in _MEASURED:
            self._invalidate()

    def _invalidate(self) -> None:
        self._comparison = None
        self.changed.emit()


def _told_apart(titles: list[str]) -> list[str]:
    """Of "demo, baseline" and "demo, optimised" the second halves; titles that are not parted so stay."""
    comma = QCoreApplication.translate("Comparison", ", ")
    heads, _, tails = zip(*(title.rpartition(comma) for title in titles), strict=True) if titles else ((), (), ())
    apart = len(titles) > 1 and len(set(heads)) == 1 and len(set(tails)) == len(tails)
    return list(tails) if apart else titles


class ComparisonTable(RowsTable[Metric]):
    """One row a metric that any run has; for every run but the base its value, signed difference and ratio."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__((), parent)
        self._labels: tuple[str, ...] = ()

    def show_comparison(self, comparison: Comparison | None, groups: tuple[str, ...] = ()) -> None:
        """Show the metrics of ``groups`` ("overall", "operator", "stage", "accuracy"; none is all)."""
        if comparison is None:
            self._labels = ()
            self.set_columns((), [])
            return
        rows = [
            metric
            for metric in comparison.metrics
            if (not groups or metric.group in groups) and any(value is not None for value in metric.values)
        ]
        if comparison.labels == self._labels:
            self.set_rows(rows)
        else:
            self._labels = comparison.labels
            self.set_columns(_columns(comparison.labels), rows)


def metric_text(metric: Metric) -> str:
    """What a metric is called: ``attention: peak allocated``."""
    name = QCoreApplication.translate("Tables", _NAMES.get(metric.name, metric.name))
    if metric.group == "accuracy":
        return metric.subject
    if not metric.subject:
        return name
    text = QCoreApplication.translate("Tables", "{stage}: {metric}")
    return text.format(stage=stage_text(metric.subject), metric=name)


def value_text(value: Value, unit: Unit, signed: bool = False) -> str:
    """A value, or a signed difference, in its unit."""
    return _TEXTS[unit](value, signed=signed)


def _columns(labels: tuple[str, ...]) -> list[Column[Metric]]:
    columns: list[Column[Metric]] = [
        Column(QT_TRANSLATE_NOOP("Tables", "metric"), metric_text, metric_text),
        _value_column(labels[0], 0),
    ]
    for index in range(1, len(labels)):
        columns += [_value_column(labels[index], index), _difference_column(index), _ratio_column(index)]
    return columns


def _value_column(label: str, run: int) -> Column[Metric]:
    return Column(label, lambda row: row.values[run], lambda row: value_text(row.values[run], row.unit), True)


def _difference_column(run: int) -> Column[Metric]:
    return Column(
        QT_TRANSLATE_NOOP("Tables", "difference"),
        lambda row: row.differences[run],
        lambda row: value_text(row.differences[run], row.unit, signed=True),
        True,
    )


def _ratio_column(run: int) -> Column[Metric]:
    return Column(
        QT_TRANSLATE_NOOP("Tables", "ratio"), lambda row: row.ratios[run], lambda row: ratio_text(row.ratios[run]), True
    )
