"""The ablation: what each memory measure was expected to save, and what it saves, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox, QTabWidget, QWidget

from slora_core.studies.ablation.measures import MEASURES
from slora_gui.i18n import Retranslating
from slora_gui.model.effect_texts import effect_text
from slora_gui.plots.table import TableData
from slora_gui.theme import icon
from slora_gui.views.cells import Deviation, Percent, Range, SignedPercent, Size
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.layout import MARGIN, column, show_tab, together, wrapping_label
from slora_gui.views.setting_texts import measure_text
from slora_gui.views.study_bar import StudyBar

if TYPE_CHECKING:
    from slora_core.studies.ablation.effects import Effect
    from slora_core.studies.ablation.results import Ablation

VIEWS = ("off alone", "on alone", "cumulated")
_DASHES: Final = ("–",) * len(VIEWS)
_RAW: Final = (
    "view",
    "measure",
    "priority",
    "expected_least",
    "expected_most",
    "saving",
    "peak_without_bytes",
    "peak_with_bytes",
    "saving_reserved",
    "reserved_without_bytes",
    "reserved_with_bytes",
    "best_stage",
    "best_stage_saving",
    "without_s",
    "with_s",
    "time_change",
    "deviation",
    "accuracy_change",
    "effect",
)
_WORDS: Final = ("view", "measure", "priority", "best_stage", "effect")


class AblationPage(Retranslating, QWidget):
    """An overview of expected against measured, and one table a view with peaks, times and deviations."""

    start_requested = Signal(int)
    """Repeats of every run."""
    resume_requested = Signal(int)
    cancel_requested = Signal()
    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ablation: Ablation | None = None
        self._line, self._empty = wrapping_label("muted"), wrapping_label("muted")
        self.repeats = QSpinBox()
        self.repeats.setRange(1, 20)
        self.repeats.setValue(3)
        self.repeats.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._repeats_label = QLabel()
        self._repeats_label.setBuddy(self.repeats)
        self.csv_button = QPushButton()
        self.csv_button.setIcon(icon("export"))
        self.csv_button.clicked.connect(self._export)
        self.study = StudyBar(together(self._repeats_label, self.repeats), after=self.csv_button)
        self.study.start_requested.connect(self._start)
        self.study.resume_requested.connect(self._resume)
        self.study.cancel_requested.connect(self.cancel_requested)
        self.tables = {name: DataTable() for name in ("overview", *VIEWS)}
        self._models = {name: TableDataModel(parent=self) for name in self.tables}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for name, table in self.tables.items():
            table.show_model(self._models[name])
            self.tabs.addTab(table, "")
        layout = column(self, margin=MARGIN)
        layout.addWidget(self._line)
        layout.addWidget(self.study)
        layout.addWidget(self._empty)
        layout.addWidget(self.tabs, 1)
        layout.addStretch(0)
        self.retranslate()

    def show_ablation(self, ablation: Ablation | None) -> None:
        """What is measured so far; None: nothing."""
        self._ablation = ablation
        self._show()

    def data_table(self) -> TableData:
        """Every effect that is shown, with bare values: fractions, bytes and seconds."""
        effects = self._ablation.effects if self._ablation is not None else ()
        return TableData("ablation", _RAW, tuple(name not in _WORDS for name in _RAW), [_raw(e) for e in effects])

    def retranslate(self) -> None:
        self._line.setText(
            self.tr(
                "Every memory measure off alone, on alone, and added one after another in the original plan's order:"
                " the saving that the plan expects beside the one measured here."
            )
        )
        self._empty.setText(
            self.tr("Not measured yet for this job. Start runs it many times, each in a fresh process.")
        )
        self._repeats_label.setText(self.tr("Repeats"))
        self.repeats.setToolTip(self.tr("Runs of each combination; tables show their median and spread"))
        self.repeats.setAccessibleName(self.tr("Repeats"))
        self.csv_button.setText(self.tr("Export CSV..."))
        titles = {
            "overview": (self.tr("Overview"), self.tr("Expected and measured saving of each measure")),
            "off alone": (self.tr("Off alone"), self.tr("Each measure alone off, all others on")),
            "on alone": (self.tr("On alone"), self.tr("Each measure alone on, all others off")),
            "cumulated": (self.tr("Cumulated"), self.tr("Measures added one after another, in the order of priority")),
        }
        for index, (name, (title, tip)) in enumerate(titles.items()):
            self.tabs.setTabText(index, title)
            self.tabs.setTabToolTip(index, tip)
            self.tables[name].setAccessibleName(tip)
        self._show()

    def _show(self) -> None:
        ablation = self._ablation
        self._empty.setVisible(ablation is None)
        self.csv_button.setVisible(ablation is not None)
        self._models["overview"].set_data(self._overview([] if ablation is None else [*map(ablation.view, VIEWS)]))
        for index, name in enumerate(VIEWS, start=1):
            show_tab(self.tabs, index, ablation is not None)
            self._models[name].set_data(self._view_table([] if ablation is None else ablation.view(name)))

    def _overview(self, views: Sequence[Sequence[Effect]]) -> TableData:
        """What the plan expects of each measure, and what was measured; before that a dash."""
        measured: dict[str, list[float | None]] = {}
        expected = {measure.name: measure.expected for measure in MEASURES}
        for effects in views:
            for effect in effects:
                measured.setdefault(effect.measure, []).append(effect.saving)
                expected[effect.measure] = effect.expected
        if not measured:
            cells: dict[str, Sequence[Any]] = dict.fromkeys(expected, _DASHES)
        else:
            cells = {name: [_percent(value) for value in savings] for name, savings in measured.items()}
        rows = [(measure_text(name)[0], _expected(expected[name]), *found) for name, found in cells.items()]
        return TableData(self.tr("Overview"), self._overview_headings(), (False, True, True, True, True), rows)

    def _overview_headings(self) -> tuple[str, ...]:
        return (
            self.tr("measure"),
            self.tr("expected saving"),
            self.tr("alone off"),
            self.tr("alone on"),
            self.tr("cumulated"),
        )

    def _view_table(self, effects: Sequence[Effect]) -> TableData:
        headings = (
            self.tr("measure"),
            self.tr("expected"),
            self.tr("saved"),
            self.tr("peak without"),
            self.tr("peak with"),
            self.tr("reserved without"),
            self.tr("reserved with"),
            self.tr("change of time"),
            self.tr("deviation"),
            self.tr("accuracy"),
            self.tr("effect"),
        )
        rows = [
            (
                measure_text(effect.measure)[0],
                _expected(effect.expected),
                _percent(effect.saving),
                _size(effect.peak_without_bytes),
                _size(effect.peak_with_bytes),
                _size(effect.reserved_without_bytes),
                _size(effect.reserved_with_bytes),
                None if effect.time_change is None else SignedPercent(effect.time_change.median),
                None if effect.deviation is None else Deviation(effect.deviation),
                None if effect.accuracy_change is None else SignedPercent(effect.accuracy_change),
                effect_text(effect),
            )
            for effect in effects
        ]
        return TableData("", headings, (False, *(True,) * 9, False), rows)

    def _export(self) -> None:
        self.export_requested.emit("csv")

    def _start(self) -> None:
        self.start_requested.emit(self.repeats.value())

    def _resume(self) -> None:
        self.resume_requested.emit(self.repeats.value())


def measured_savings(ablation: Ablation) -> dict[str, float]:
    """Saving of peak memory by measure, all others on; measures that have not been measured are left out."""
    return {effect.measure: effect.saving for effect in ablation.view("off alone") if effect.saving is not None}


def _raw(effect: Effect) -> tuple[Any, ...]:
    """The columns of _RAW; spreads by their medians."""
    derived = {
        "expected_least": None if effect.expected is None else effect.expected[0],
        "expected_most": None if effect.expected is None else effect.expected[1],
        "without_s": effect.seconds_without and effect.seconds_without.median,
        "with_s": effect.seconds_with and effect.seconds_with.median,
        "time_change": effect.time_change and effect.time_change.median,
        "effect": effect.failure or effect.verdict,
    }
    return tuple(derived[name] if name in derived else getattr(effect, name) for name in _RAW)


def _expected(expected: tuple[float, float] | None) -> Range | str:
    """A dash where the plan names none: nothing is missing there."""
    return _DASHES[0] if expected is None else Range(*expected)


def _percent(value: float | None) -> Percent | None:
    return None if value is None else Percent(value)


def _size(value: int | None) -> Size | None:
    return None if value is None else Size(value)
