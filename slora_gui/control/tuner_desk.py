"""The tuner between its page, the job and the engine: predicted plans, until trials have measured better ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.config import RunConfig
from slora_core.studies.study_file import StudyRecord
from slora_core.studies.tuning import study
from slora_core.studies.tuning.results import TuningResult, stage_trials, tuning_result
from slora_gui.control.background import Background
from slora_gui.control.export_desk import ExportDesk
from slora_gui.control.study_control import StudyControl
from slora_gui.control.study_desk import StudyDesk
from slora_gui.model.forecasting import Frontier, FrontierPoint, frontier_point
from slora_gui.model.job_model import JobModel
from slora_gui.model.study_tables import TrialsTable
from slora_gui.model.what_if import WhatIf
from slora_gui.views.tuner_page import TunerPage


class TunerDesk(StudyDesk):
    """``applied`` follows a point that went into the job."""

    applied = Signal()

    def __init__(
        self,
        page: TunerPage,
        what_if: WhatIf,
        exports: ExportDesk,
        *,
        job: JobModel,
        control: StudyControl,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(
            "tuning", page.study, study.stream, job=job, control=control, background=background, parent=parent
        )
        self._page, self._what_if, self._exports = page, what_if, exports
        self._predicted: Sequence[FrontierPoint] = ()
        self._measured: Sequence[FrontierPoint] = ()
        self._trials = TrialsTable(self)
        page.show_trials(self._trials)
        what_if.frontier_ready.connect(self._take_frontier)
        page.start_requested.connect(self._start)
        page.resume_requested.connect(self._resume)
        page.apply_requested.connect(self._apply)
        page.export_requested.connect(self._export)
        job.changed.connect(self._show_points)

    def request_frontier(self) -> None:
        """Ask for the predicted plans of the job."""
        self._what_if.request_frontier(self._job.config)

    def show_earlier(self, record: StudyRecord | None) -> None:
        result: TuningResult | None = None
        if record is not None:
            try:
                result = tuning_result(record)
            except (KeyError, TypeError):  # records of another version
                result = None
        self._trials.set_rows([] if result is None else result.trials)
        self._measured = (
            ()
            if result is None
            else [
                frontier_point(point.peak_bytes, point.seconds, point.budget_bytes, True) for point in result.frontier
            ]
        )
        self._page.show_whole_runs({} if result is None else result.outcome.get("whole_runs", {}))
        self._show_points()

    def show_lines(self, lines: list[Mapping[str, Any]]) -> None:
        self._trials.set_rows(stage_trials(line for line in lines if "key" in line))

    def applied_to(self, config: RunConfig, point: FrontierPoint | None) -> RunConfig:
        """``config`` under the budget, and by the policy, that give ``point``."""
        return config if point is None else config.merged(_changes(config, point))

    @Slot()
    def _show_points(self, _section: str = "") -> None:
        points = self._measured or self._predicted
        self._page.show_points(points, _in_use(points, self._job.config.memory.budget))

    @Slot(object)
    def _take_frontier(self, frontier: Frontier) -> None:
        self._predicted = frontier.points
        self._show_points()

    @Slot(int, int)
    def _start(self, trials: int, minutes: int) -> None:
        self.begin(trials=trials, minutes=minutes, fresh=True)

    @Slot(int, int)
    def _resume(self, trials: int, minutes: int) -> None:
        self.begin(trials=trials, minutes=minutes)

    @Slot(object)
    def _apply(self, point: FrontierPoint) -> None:
        self._job.change(_changes(self._job.config, point), self.tr("Apply a point of the frontier"))
        self.applied.emit()

    @Slot(str)
    def _export(self, kind: str) -> None:
        config = self.applied_to(self._job.config, self._page.chosen)
        if kind == "toml":
            self._exports.save_config(config)
        elif kind == "snippet":
            self._exports.save_snippet(config)


def _changes(config: RunConfig, point: FrontierPoint) -> dict[str, Any]:
    tuned = point.measured or config.memory.policy == "tuned"
    budget = point.peak_bytes if point.budget_bytes is None else point.budget_bytes
    return {"memory": {"budget": budget, "policy": "tuned" if tuned else "planned"}}


def _in_use(points: Sequence[FrontierPoint], budget_bytes: int | None) -> int | None:
    """The point that a budget gives: of those it allows the last, which is the fastest."""
    if budget_bytes is None:
        return len(points) - 1 if points else None
    allowed = [i for i, p in enumerate(points) if p.budget_bytes is not None and p.budget_bytes <= budget_bytes]
    return allowed[-1] if allowed else None
