"""The transition operators: which of them run, and the settings of each behind a disclosure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from slora_core.config import RunConfig
from slora_core.types import OPERATORS
from slora_gui.i18n import Retranslating
from slora_gui.views.changes import request_change
from slora_gui.views.disclosure import Disclosure
from slora_gui.views.layout import column, form, wrapping_label
from slora_gui.views.setting_field import SettingField
from slora_gui.views.setting_texts import operator_text, setting_text

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel


class OperatorsForm(Retranslating, QWidget):
    """A check box an operator. At least one must stay; the engine says so when the last is taken away."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self.boxes = {name: QCheckBox() for name in OPERATORS}
        self._settings = {name: SettingsGroup(job, ("operators", name)) for name in OPERATORS}
        self._folds = {name: Disclosure(group, lead=self.boxes[name]) for name, group in self._settings.items()}
        self._refusal = wrapping_label("danger")
        self._refusal.hide()
        layout = column(self, spacing=2)
        for name, box in self.boxes.items():
            box.toggled.connect(self._choose)
            layout.addWidget(self._folds[name])
        layout.addWidget(self._refusal)
        job.changed.connect(self._job_changed)
        self._show()
        self.retranslate()

    def retranslate(self) -> None:
        for name, box in self.boxes.items():
            label, tip = operator_text(name)
            box.setText(label)
            box.setToolTip(tip)
            box.setAccessibleDescription(tip)
            self._folds[name].set_text(self.tr("Settings"), self.tr("Settings of {operator}").format(operator=label))
        self.setAccessibleName(self.tr("Operators"))

    def _choose(self) -> None:
        names = [name for name, box in self.boxes.items() if box.isChecked()]
        sentence = request_change(self._job, {"operators": {"names": names}}, self.tr("Choose operators"))
        self._show()
        self._refusal.setText(sentence)
        self._refusal.setVisible(bool(sentence))

    def _job_changed(self, section: str) -> None:
        if section in ("", "operators"):
            self._show()

    def _show(self) -> None:
        chosen = self._job.config.operators.names
        for name, box in self.boxes.items():
            with QSignalBlocker(box):
                box.setChecked(name in chosen)
            self._folds[name].set_foldable(name in chosen)
        self._refusal.hide()


class SettingsGroup(Retranslating, QWidget):
    """Every setting of one section of the configuration, a line each; new keys appear by themselves."""

    def __init__(self, job: JobModel, path: tuple[str, ...], names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._labels: dict[str, QLabel] = {}
        self.fields: dict[str, SettingField] = {}
        layout = form(self)
        for name in names or _section(path).model_fields:
            field = SettingField(job, (*path, name))
            self.fields[name] = field
            if isinstance(field.editor, QCheckBox):
                layout.addRow(field)
                continue
            self._labels[name] = QLabel()
            self._labels[name].setBuddy(field)
            layout.addRow(self._labels[name], field)
        self.retranslate()

    def retranslate(self) -> None:
        for name, field in self.fields.items():
            label, tip = setting_text(field.path)
            field.set_texts(label, tip, self.tr("Set {setting}").format(setting=label))
            if name in self._labels:
                self._labels[name].setText(label)
                self._labels[name].setToolTip(tip)


def _section(path: tuple[str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = RunConfig
    for key in path:
        section = model.model_fields[key].annotation
        assert isinstance(section, type)
        model = section
    return model
