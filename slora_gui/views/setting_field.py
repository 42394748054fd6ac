"""An editor for one key of the configuration, made from the key's own type and range."""

from __future__ import annotations

import math
import typing
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox, QWidget

from slora_core.config import RunConfig
from slora_gui.model.texts import engine_text
from slora_gui.views.changes import request_change
from slora_gui.views.layout import as_sentence, column, set_invalid, wrapping_label

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel

INT_MAX: Final = 2**31 - 1


class SettingField(QWidget):
    """Check box, list, spin box or line edit for ``path`` such as ("operators", "attention", "top_k")."""

    def __init__(self, job: JobModel, path: tuple[str, ...]) -> None:
        super().__init__()
        self._job = job
        self.path = path
        self._undo_text = ""
        self.editor = self._make_editor(field_at(path))
        self.refusal = wrapping_label("danger")
        self.refusal.hide()
        layout = column(self, spacing=4)
        layout.addWidget(self.editor)
        layout.addWidget(self.refusal)
        self.setFocusProxy(self.editor)
        job.changed.connect(self._job_changed)
        self._show()

    def set_texts(self, name: str, tip: str, undo_text: str) -> None:
        self.editor.setAccessibleName(name)
        self.editor.setToolTip(tip)
        if isinstance(self.editor, QCheckBox):
            self.editor.setText(name)
        elif isinstance(self.editor, QComboBox):
            for index in range(self.editor.count()):
                self.editor.setItemText(index, engine_text(str(self.editor.itemData(index))))
        self._undo_text = undo_text

    def value(self) -> Any:
        return value_at(self._job.config, self.path)

    def _make_editor(self, field: FieldInfo) -> QWidget:
        choices = typing.get_args(field.annotation) if typing.get_origin(field.annotation) is typing.Literal else ()
        if field.annotation is bool:
            box = QCheckBox()
            box.toggled.connect(self._request)
            return box
        if choices:
            combo = QComboBox()
            for choice in choices:
                combo.addItem(str(choice), choice)
            combo.activated.connect(self._chosen)
            return combo
        low, high = bounds(field)
        if field.annotation is int and high <= INT_MAX:
            spin = QSpinBox()
            spin.setRange(int(low), int(high))
            spin.setKeyboardTracking(False)
            spin.setGroupSeparatorShown(True)
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
            spin.valueChanged.connect(self._request)
            return spin
        edit = QLineEdit()
        edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        edit.editingFinished.connect(self._typed)
        return edit

    def _chosen(self, index: int) -> None:
        self._request(typing.cast(QComboBox, self.editor).itemData(index))

    def _typed(self) -> None:
        edit = typing.cast(QLineEdit, self.editor)
        if edit.isModified():
            edit.setModified(False)
            self._request(edit.text().strip())

    def _request(self, value: Any) -> None:
        changes: Any = value
        for key in reversed(self.path):
            changes = {key: changes}
        sentence = request_change(self._job, changes, self._undo_text, "")
        self._refuse(sentence)
        if sentence and not isinstance(self.editor, QLineEdit):
            self._show()

    def _refuse(self, sentence: str) -> None:
        self.refusal.setText(as_sentence(sentence))
        self.refusal.setVisible(bool(sentence))
        set_invalid(self.editor, bool(sentence), sentence)

    def _job_changed(self, section: str) -> None:
        if section in ("", self.path[0]):
            self._show()

    def _show(self) -> None:
        value, editor = self.value(), self.editor
        with QSignalBlocker(editor):
            if isinstance(editor, QCheckBox):
                editor.setChecked(value)
            elif isinstance(editor, QComboBox):
                editor.setCurrentIndex(editor.findData(value))
            elif isinstance(editor, QSpinBox):
                editor.setValue(value)
            elif isinstance(editor, QLineEdit) and not editor.isModified():
                editor.setText(
                    "" if value is None else format(value, ".10g") if isinstance(value, float) else str(value)
                )
        self._refuse("")


def field_at(path: tuple[str, ...]) -> FieldInfo:
    """The field of RunConfig at ``path``. Raises KeyError."""
    model: type[BaseModel] = RunConfig
    for key in path[:-1]:
        section = model.model_fields[key].annotation
        assert isinstance(section, type)
        model = section
    return model.model_fields[path[-1]]


def value_at(config: BaseModel, path: tuple[str, ...]) -> Any:
    value: Any = config
    for key in path:
        value = getattr(value, key)
    return value


def bounds(field: FieldInfo) -> tuple[float, float]:
    """The least and the largest value that the field's constraints allow."""
    low = max((getattr(item, "ge", -math.inf) for item in field.metadata), default=-math.inf)
    high = min((getattr(item, "le", math.inf) for item in field.metadata), default=math.inf)
    if field.annotation is int:
        return max(low, -INT_MAX), INT_MAX if high == math.inf else high
    return low, high
