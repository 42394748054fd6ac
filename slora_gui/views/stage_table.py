"""The stages of a run as table data: measured beside predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from slora_gui.plots.table import TableData
from slora_gui.views.cells import Seconds, Size

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel, StageRow


def stage_table(run: RunModel | None) -> TableData:
    """One row a stage in the order in which they began; what has not ended has no figures yet."""
    tr = QCoreApplication.translate
    headings = (
        tr("StageTable", "stage"),
        tr("StageTable", "start"),
        tr("StageTable", "time"),
        tr("StageTable", "predicted time"),
        tr("StageTable", "peak allocated"),
        tr("StageTable", "predicted peak"),
        tr("StageTable", "peak reserved"),
        tr("StageTable", "peak RSS"),
        tr("StageTable", "state"),
    )
    rows = [_row(stage, run.active) for stage in run.stages] if run is not None else []
    return TableData(tr("StageTable", "Stages"), headings, (False, *(True,) * 7, False), rows)


def _row(stage: StageRow, active: bool) -> tuple[object, ...]:
    tr = QCoreApplication.translate
    cut_off = tr("StageTable", "running") if active else tr("StageTable", "cut off")
    state = {True: tr("StageTable", "done"), False: tr("StageTable", "not finished"), None: cut_off}
    return (
        stage.stage,
        Seconds(stage.started_s),
        _seconds(stage.seconds),
        _seconds(stage.predicted_s),
        _size(stage.allocated_bytes),
        _size(stage.predicted_peak_bytes),
        _size(stage.reserved_bytes),
        _size(stage.rss_bytes),
        state[stage.completed],
    )


def _seconds(value: float | None) -> Seconds | None:
    return None if value is None else Seconds(value)


def _size(value: int | None) -> Size | None:
    return None if value is None else Size(value)
