"""The chunk policy: four ways to choose how much is done at once, each in a line. All give the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.views.changes import request_change
from slora_gui.views.layout import GRID, column, row, wrapping_label
from slora_gui.views.setting_field import SettingField

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel

POLICIES = ("planned", "tuned", "adaptive", "fixed")


class PolicyForm(Retranslating, QWidget):
    """One radio button a policy with its explanation; ``fixed`` shows its number."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._tuned = False
        self._group = QButtonGroup(self)
        self.buttons = {name: QRadioButton() for name in POLICIES}
        self._lines = {name: wrapping_label("muted") for name in POLICIES}
        self.chunk = SettingField(job, ("memory", "chunk"))
        self.chunk.setFixedWidth(96)
        layout = column(self, spacing=2)
        for name, button in self.buttons.items():
            self._group.addButton(button)
            if name == "fixed":
                layout.addLayout(row(button, self.chunk))
            else:
                layout.addWidget(button)
            self._lines[name].setContentsMargins(3 * GRID, 0, 0, 4)
            layout.addWidget(self._lines[name])
        self._group.buttonToggled.connect(self._choose)
        job.changed.connect(self._job_changed)
        self._show()
        self.retranslate()

    def set_tuned(self, tuned: bool) -> None:
        """Whether something was measured for the job's device; without it there is nothing to choose by."""
        self._tuned = tuned
        self.retranslate()
        self._show()

    def retranslate(self) -> None:
        tuned = self.tr("As planned, with what short trials measured on this machine.")
        if not self._tuned:
            tuned = self.tr("Nothing was measured for this device yet: the page Tuner does so in a few minutes.")
        texts = {
            "planned": (
                self.tr("Planned"),
                self.tr("The leanest plan that is within a tenth of the fastest that fits. The default."),
            ),
            "tuned": (self.tr("Tuned"), tuned),
            "adaptive": (
                self.tr("Adaptive"),
                self.tr("The original rule: 128 below half of the budget, 64, and 32 above four fifths."),
            ),
            "fixed": (self.tr("Fixed"), self.tr("Always this many queries at a time.")),
        }
        for name, (label, line) in texts.items():
            self.buttons[name].setText(label)
            self.buttons[name].setAccessibleDescription(line)
            self._lines[name].setText(line)
        self.setAccessibleName(self.tr("Chunk policy"))
        self.chunk.set_texts(
            self.tr("Chunk"), self.tr("Queries that the attention handles at a time"), self.tr("Set chunk")
        )

    def _choose(self, button: QRadioButton, checked: bool) -> None:
        if not checked:
            return
        name = next(name for name, own in self.buttons.items() if own is button)
        if name != self._job.config.memory.policy:
            request_change(self._job, {"memory": {"policy": name}}, self.tr("Set chunk policy"))
        self._show()

    def _job_changed(self, section: str) -> None:
        if section in ("", "memory"):
            self._show()

    def _show(self) -> None:
        policy = self._job.config.memory.policy
        with QSignalBlocker(self._group):
            self.buttons[policy].setChecked(True)
        self.buttons["tuned"].setEnabled(self._tuned or policy == "tuned")
        self.chunk.setVisible(policy == "fixed")
