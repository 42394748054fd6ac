"""Where pairs and class state come from: the demo, files, a model pair, or synthetic features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QWidget

from slora_core.config import SourceConfig
from slora_core.errors import InputError
from slora_core.sources.presets import PRESETS
from slora_gui.i18n import Retranslating
from slora_gui.model.lists import listed
from slora_gui.model.model_folders import missing_packages
from slora_gui.views.changes import request_change
from slora_gui.views.file_facts import file_facts
from slora_gui.views.file_field import FileField
from slora_gui.views.layout import column, form, wrapping_label
from slora_gui.views.setting_field import SettingField
from slora_gui.views.setting_texts import setting_text

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel
    from slora_gui.model.source_facts import SourceFacts

FIELDS_OF: Final = {
    "demo": ("tasks",),
    "files": ("features", "state", "evaluate"),
    "models": ("base", "adapter_before", "adapter_after", "images", "aux_images", "state", "evaluate"),
    "synthetic": ("pairs", "dim", "classes"),
}
"""Keys of the source that a kind reads; those which the configuration does not have are left out."""
EXTRACTION_FIELDS: Final = ("precision", "precision_bound", "batch", "stream")
_SIZES: Final = ("pairs", "dim", "classes")


class SourceForm(Retranslating, QWidget):
    """The kind of source, and below it the fields of that kind alone."""

    browse_requested = Signal(str)
    """The field whose file or folder is to be looked for."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self.kind = QComboBox()
        self.kind.activated.connect(self._choose_kind)
        self.pages = {name: SourcePage(job, name) for name in get_args(SourceConfig.model_fields["kind"].annotation)}
        self._line = wrapping_label("muted")
        layout = column(self)
        layout.addWidget(self.kind)
        layout.addWidget(self._line)
        for page in self.pages.values():
            page.browse_requested.connect(self.browse_requested)
            layout.addWidget(page)
        job.changed.connect(self._job_changed)
        self.retranslate()

    def retranslate(self) -> None:
        self.kind.setAccessibleName(self.tr("Source"))
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for name in self.pages:
                self.kind.addItem(self._texts(name)[0], name)
        self._show()

    def _texts(self, kind: str) -> tuple[str, str]:
        texts = {
            "demo": (
                self.tr("Demo: handwritten digits"),
                self.tr("A small vision transformer learns the digits task by task. About a minute."),
            ),
            "files": (
                self.tr("Feature files"),
                self.tr("Features of the same images before and after a task, and the statistics of the old classes."),
            ),
            "models": (
                self.tr("Model pair"),
                self.tr("Features are extracted from images with the model before and after a task."),
            ),
            "synthetic": (
                self.tr("Synthetic workload"),
                self.tr("Features and Gaussians from the seed, to try sizes without data."),
            ),
        }
        return texts.get(kind, (kind, ""))

    def _choose_kind(self, index: int) -> None:
        kind = self.kind.itemData(index)
        if kind != self._job.config.source.kind:
            request_change(self._job, {"source": {"kind": kind}}, self.tr("Choose source"))
        self._show()

    def _job_changed(self, section: str) -> None:
        if section in ("", "source"):
            self._show()

    def _show(self) -> None:
        kind = self._job.config.source.kind
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(kind))
        self._line.setText(self._texts(kind)[1])
        for name, page in self.pages.items():
            page.setVisible(name == kind)


class SourcePage(Retranslating, QWidget):
    """The fields of one kind of source."""

    browse_requested = Signal(str)

    def __init__(self, job: JobModel, kind: str) -> None:
        super().__init__()
        self._job = job
        self._labels: dict[str, QLabel] = {}
        self.files: dict[str, FileField] = {}
        self.settings: dict[str, SettingField] = {}
        self.extraction: dict[str, SettingField] = {}
        self._extraction_labels: dict[str, QLabel] = {}
        layout = form(self)
        self.packages = wrapping_label("warning")
        self.packages.hide()
        if kind == "models":
            layout.addRow(self.packages)
        self._kind = kind
        self._preset = QComboBox()
        self._preset_label = QLabel()
        self._preset_label.setBuddy(self._preset)
        if kind == "synthetic":
            self._preset.activated.connect(self._choose_preset)
            layout.addRow(self._preset_label, self._preset)
        for name in fields_of(kind):
            self._labels[name] = QLabel()
            field = self._make_field(name)
            self._labels[name].setBuddy(field)
            layout.addRow(self._labels[name], field)
        for name in EXTRACTION_FIELDS if kind == "models" else ():
            self.extraction[name] = SettingField(job, ("extraction", name))
            if isinstance(self.extraction[name].editor, QCheckBox):
                layout.addRow(self.extraction[name])
                continue
            self._extraction_labels[name] = QLabel()
            self._extraction_labels[name].setBuddy(self.extraction[name])
            layout.addRow(self._extraction_labels[name], self.extraction[name])
        job.changed.connect(self._job_changed)
        self.retranslate()

    def _make_field(self, name: str) -> QWidget:
        annotation = SourceConfig.model_fields[name].annotation
        if annotation == str | None:
            field = FileField()
            field.setObjectName(name)
            field.path_entered.connect(self._enter_path)
            field.browse_requested.connect(self._browse)
            self.files[name] = field
            return field
        self.settings[name] = SettingField(self._job, ("source", name))
        return self.settings[name]

    def retranslate(self) -> None:
        self._preset_label.setText(self.tr("Preset"))
        self._preset.setAccessibleName(self.tr("Preset"))
        with QSignalBlocker(self._preset):
            self._preset.clear()
            self._preset.addItem(self.tr("own sizes"), "")
            for name in PRESETS:
                self._preset.addItem(name, name)
        for name, label in self._labels.items():
            text, tip = setting_text(("source", name))
            label.setText(text)
            label.setToolTip(tip)
            if name in self.files:
                self.files[name].set_texts(text, tip, self.tr("Look for: {what}").format(what=text))
            else:
                self.settings[name].set_texts(text, tip, self.tr("Set {setting}").format(setting=text))
        for name, field in self.extraction.items():
            text, tip = setting_text(("extraction", name))
            field.set_texts(text, tip, self.tr("Set {setting}").format(setting=text))
            if name in self._extraction_labels:
                self._extraction_labels[name].setText(text)
                self._extraction_labels[name].setToolTip(tip)
        self._show()

    def _enter_path(self, path: str) -> None:
        name = self.sender().objectName()
        text = self.tr("Set {setting}").format(setting=setting_text(("source", name))[0])
        sentence = request_change(self._job, {"source": {name: path or None}}, text)
        if sentence:
            self.files[name].refuse(sentence)

    def _browse(self) -> None:
        self.browse_requested.emit(self.sender().objectName())

    def _choose_preset(self, index: int) -> None:
        name = self._preset.itemData(index)
        if name:
            sizes = {size: getattr(PRESETS[name], size) for size in _SIZES}
            request_change(self._job, {"source": sizes}, self.tr("Choose preset"))
        self._show()

    def _job_changed(self, section: str) -> None:
        if section in ("", "source", "extraction"):
            self._show()

    def _show(self) -> None:
        source = self._job.config.source
        if self.extraction:
            measures = self._job.config.extraction.precision == "auto"
            for widget in (self._extraction_labels["precision_bound"], self.extraction["precision_bound"]):
                widget.setVisible(measures)
        sizes = tuple(getattr(source, size) for size in _SIZES)
        own = {tuple(getattr(work, size) for size in _SIZES): name for name, work in PRESETS.items()}.get(sizes, "")
        with QSignalBlocker(self._preset):
            self._preset.setCurrentIndex(self._preset.findData(own))
        if self._kind == source.kind == "models":
            self._show_packages()
        for name, field in self.files.items():
            show_file(field, name, getattr(source, name) or "", self._job.source_facts)

    def _show_packages(self) -> None:
        missing = missing_packages()
        self.packages.setVisible(bool(missing))
        text = self.tr(
            "A model pair needs {packages}, not installed here: pip install 'slora[vit]' brings what is missing."
        )
        self.packages.setText(text.format(packages=listed(missing)))


def fields_of(kind: str) -> tuple[str, ...]:
    """Fields of a kind that the configuration has; for an unknown kind those that no known one reads."""
    known = {name for names in FIELDS_OF.values() for name in names}
    names: Any = FIELDS_OF.get(kind) or (name for name in SourceConfig.model_fields if name not in known | {"kind"})
    return tuple(name for name in names if name in SourceConfig.model_fields)


def show_file(field: FileField, name: str, path: str, facts: SourceFacts) -> None:
    """Show a path with what it holds, or with the reason why it cannot be used."""
    field.show_path(path)
    if not path:
        field.show_facts("")
        return
    try:
        field.show_facts(file_facts(name, path, facts))
    except (InputError, OSError) as error:
        field.refuse(str(error))
