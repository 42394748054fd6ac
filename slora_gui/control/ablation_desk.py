"""The ablation between its page, the measures of the job and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Slot

from slora_core.events import Notice
from slora_core.studies.ablation import study
from slora_core.studies.ablation.results import Ablation, ablation_of
from slora_core.studies.study_file import StudyRecord
from slora_gui.control.background import Background
from slora_gui.control.export_desk import ExportDesk
from slora_gui.control.study_control import StudyControl
from slora_gui.control.study_desk import StudyDesk
from slora_gui.model.job_model import JobModel
from slora_gui.views.ablation_page import AblationPage, measured_savings
from slora_gui.views.case_texts import case_text
from slora_gui.views.job_panel import JobPanel


class AblationDesk(StudyDesk):
    """Measured savings go beside the switches as well."""

    def __init__(
        self,
        page: AblationPage,
        panel: JobPanel,
        exports: ExportDesk,
        *,
        job: JobModel,
        control: StudyControl,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(
            "ablation", page.study, study.stream, job=job, control=control, background=background, parent=parent
        )
        self._page, self._panel, self._exports = page, panel, exports
        page.start_requested.connect(self._start)
        page.resume_requested.connect(self._resume)
        page.export_requested.connect(self._export)

    def show_earlier(self, record: StudyRecord | None) -> None:
        try:
            self._show(None if record is None else ablation_of(record.lines))
        except (KeyError, TypeError):  # records of another version
            self._show(None)

    def show_lines(self, lines: list[Mapping[str, Any]]) -> None:
        self._show(ablation_of(lines))

    def notice_line(self, notice: Notice) -> str:
        if notice.kind != "trial-failed" or not {"case", "failure"} <= set(notice.data):
            return super().notice_line(notice)
        text = self.tr("{case}: {failure}")
        return text.format(case=case_text(notice.data["case"]), failure=notice.data["failure"])

    def _show(self, ablation: Ablation | None) -> None:
        self._page.show_ablation(ablation)
        self._panel.set_measured_savings({} if ablation is None else measured_savings(ablation))

    @Slot(int)
    def _start(self, repeats: int) -> None:
        self.begin(repeats=repeats, fresh=True)

    @Slot(int)
    def _resume(self, repeats: int) -> None:
        self.begin(repeats=repeats)

    @Slot(str)
    def _export(self, _kind: str) -> None:
        self._exports.export_table(self._page.data_table(), "ablation.csv")
