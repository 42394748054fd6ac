"""The tables of a run and of its plan: stages, ranks, plan, accuracies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QObject, Slot

from slora_core.memory.planner import PlanRow
from slora_core.records.ranks import RankSummary
from slora_core.records.run_file import Accuracy
from slora_core.types import UNCOMPENSATED
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.rows_table import Column, RowsTable
from slora_gui.model.run_model import RunModel
from slora_gui.model.stage_log import StageRow
from slora_gui.model.stage_texts import choice_text, stage_text
from slora_gui.model.texts import percent_text, seconds_text, size_text
from slora_gui.model.what_if import Forecast


def size_column(title: str, name: str, tip: str = "") -> Column[Any]:
    """Bytes of the attribute ``name``."""
    return Column(title, lambda row: getattr(row, name), lambda row: size_text(getattr(row, name)), True, tip)


def seconds_column(title: str, name: str, tip: str = "") -> Column[Any]:
    """Seconds of the attribute ``name``."""
    return Column(title, lambda row: getattr(row, name), lambda row: seconds_text(getattr(row, name)), True, tip)


def text_column(title: str, name: str, tip: str = "") -> Column[Any]:
    """Text of the attribute ``name``."""
    return Column(title, lambda row: getattr(row, name), lambda row: str(getattr(row, name)), False, tip)


def stage_column() -> Column[Any]:
    """The stage of the attribute ``stage``."""
    return Column(QT_TRANSLATE_NOOP("Tables", "stage"), lambda row: row.stage, lambda row: stage_text(row.stage))


def _completed_text(row: StageRow) -> str:
    translate = QCoreApplication.translate
    if row.completed is None:
        return translate("Tables", "not ended")
    return translate("Tables", "done") if row.completed else translate("Tables", "not finished")


_STAGES: Final[tuple[Column[StageRow], ...]] = (
    stage_column(),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak allocated"), "allocated_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "predicted peak"), "predicted_peak_bytes"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "time"), "seconds"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "predicted time"), "predicted_s"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak RSS"), "rss_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak reserved"), "reserved_bytes"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "started"), "started_s"),
    Column(QT_TRANSLATE_NOOP("Tables", "state"), _completed_text, _completed_text),
)

_RANKS: Final[tuple[Column[RankSummary], ...]] = (
    Column(QT_TRANSLATE_NOOP("Tables", "process"), lambda row: row.rank, lambda row: str(row.rank), True),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "time"), "seconds"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak allocated"), "allocated_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak reserved"), "reserved_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak RSS"), "rss_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "communicated"), "communicated_bytes"),
)

_PLAN: Final[tuple[Column[PlanRow], ...]] = (
    stage_column(),
    Column(QT_TRANSLATE_NOOP("Tables", "choice"), lambda row: row.choice, lambda row: choice_text(row.choice)),
    size_column(QT_TRANSLATE_NOOP("Tables", "predicted peak"), "predicted_peak_bytes"),
    size_column(QT_TRANSLATE_NOOP("Tables", "at most"), "bound_bytes"),
    Column(
        QT_TRANSLATE_NOOP("Tables", "share of budget"),
        lambda row: row.share,
        lambda row: "" if row.share is None else percent_text(row.share),
        True,
    ),
    size_column(QT_TRANSLATE_NOOP("Tables", "smallest budget"), "smallest_bytes"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "predicted time"), "seconds"),
    Column(
        "",
        lambda row: row.binding,
        lambda row: QCoreApplication.translate("Tables", "binds") if row.binding else "",
    ),
)


class StagesTable(RowsTable[StageRow]):
    """Measured against predicted, stage by stage, of the first process of a run."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_STAGES, parent)
        self._run: RunModel | None = None

    def set_run(self, run: RunModel | None) -> None:
        """Follow this run, or show nothing."""
        if self._run is not None:
            self._run.changed.disconnect(self._take)
        self._run = run
        if run is not None:
            run.changed.connect(self._take)
        self.set_rows([])
        self._take("stages")

    @Slot(str)
    def _take(self, aspect: str) -> None:
        if aspect == "stages" and self._run is not None:
            self.set_rows(self._run.stages)


class RanksTable(RowsTable[RankSummary]):
    """The processes of a shared run, the slowest marked."""

    def __init__(self, parent: QObject | None = None) -> None:
        self._slowest: int | None = None
        mark: Column[RankSummary] = Column("", self._is_slowest, self._mark)
        super().__init__((*_RANKS, mark), parent)

    def show(self, run: RunModel | None) -> None:
        """What is known of ``run`` now."""
        self._slowest = None if run is None else run.slowest_rank
        self.set_rows([] if run is None else run.rank_summaries)

    def _is_slowest(self, row: RankSummary) -> bool:
        return row.rank == self._slowest

    def _mark(self, row: RankSummary) -> str:
        return QCoreApplication.translate("Tables", "slowest") if self._is_slowest(row) else ""


class PlanTable(RowsTable[PlanRow]):
    """What each stage will choose, take and need."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_PLAN, parent)

    @Slot(object)
    def show_forecast(self, forecast: Forecast) -> None:
        self.set_rows(forecast.rows)


class AccuraciesTable(RowsTable[tuple[str, dict[str, float]]]):
    """Accuracy after a task: one row a variant, one column a classifier."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__((), parent)

    def set_accuracies(self, accuracies: Sequence[Accuracy], task: int | None = None) -> None:
        """Show those after ``task``; None is the last there is."""
        last = max((row.task for row in accuracies), default=0) if task is None else task
        rows: dict[str, dict[str, float]] = {}
        for row in accuracies:
            if row.task == last:
                rows.setdefault(row.variant, {})[row.classifier] = row.accuracy
        classifiers = dict.fromkeys(name for values in rows.values() for name in values)
        variant: Column[tuple[str, dict[str, float]]] = Column(
            QT_TRANSLATE_NOOP("Tables", "variant"), lambda row: row[0], lambda row: _variant_text(row[0])
        )
        self.set_columns([variant, *(_accuracy_column(name) for name in classifiers)], list(rows.items()))


def _accuracy_column(classifier: str) -> Column[tuple[str, dict[str, float]]]:
    return Column(
        classifier.upper(),
        lambda row: row[1].get(classifier),
        lambda row: percent_text(row[1].get(classifier)),
        True,
    )


def _variant_text(name: str) -> str:
    if name == UNCOMPENSATED:
        return QCoreApplication.translate("Tables", "{name} (no compensation)").format(name=name)
    return name
