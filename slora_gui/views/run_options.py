"""What is seldom changed: engine, seed, threads, sampling, and where the moved statistics are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.views.changes import request_change
from slora_gui.views.file_field import FileField
from slora_gui.views.layout import column, form
from slora_gui.views.operators_form import SettingsGroup
from slora_gui.views.setting_texts import setting_text

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel


class RunOptions(Retranslating, QWidget):
    browse_requested = Signal()

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self.run = SettingsGroup(job, ("run",), ("engine", "seed", "threads", "sample_hz"))
        self.output = SettingsGroup(job, ("output",), ("packed", "resume"))
        self.state = FileField()
        self.state.path_entered.connect(self._enter_path)
        self.state.browse_requested.connect(self.browse_requested)
        self._state_label = QLabel()
        self._state_label.setBuddy(self.state)
        state_row = form()
        state_row.addRow(self._state_label, self.state)
        layout = column(self)
        layout.addWidget(self.run)
        layout.addLayout(state_row)
        layout.addWidget(self.output)
        job.changed.connect(self._job_changed)
        self.retranslate()

    def retranslate(self) -> None:
        text, tip = setting_text(("output", "state"))
        self._state_label.setText(text)
        self._state_label.setToolTip(tip)
        self.state.set_texts(text, tip, self.tr("Choose where the moved state is written"))
        self._show()

    def _enter_path(self, path: str) -> None:
        sentence = request_change(self._job, {"output": {"state": path or None}}, self.tr("Set output"))
        if sentence:
            self.state.refuse(sentence)

    def _job_changed(self, section: str) -> None:
        if section in ("", "output"):
            self._show()

    def _show(self) -> None:
        self.state.show_path(self._job.config.output.state or "")
        self.state.show_facts("")
