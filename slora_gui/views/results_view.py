"""What a run achieved: accuracies, deviation from another run's statistics, and the jitter that its factors needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSplitter, QTabWidget, QWidget

from slora_core.records.deviation import Deviation
from slora_core.records.run_file import Accuracy
from slora_gui.i18n import Retranslating
from slora_gui.model.stage_texts import stage_text
from slora_gui.model.tables import AccuraciesTable
from slora_gui.plots.accuracy_plot import AccuracyPlot
from slora_gui.plots.style import plot_theme
from slora_gui.plots.table import TableData
from slora_gui.theme import Theme, icon
from slora_gui.views import cells
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.layout import GRID, MARGIN, column, row, wrapping_label

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

_LEAST_PLOT: Final = 128
"""Pixels: the panel lies in a low dock at first."""


class ResultsView(Retranslating, QWidget):
    """Three tabs over one run. Deviations are computed elsewhere and handed in: they read whole class states."""

    deviation_requested = Signal()
    """Compare the moved state of the run with another one, to be chosen."""

    def __init__(self, run: RunModel | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self.classifier = QComboBox()
        self.classifier.currentIndexChanged.connect(self._choose_classifier)
        self._classifier_label = QLabel()
        self._classifier_label.setBuddy(self.classifier)
        self.plot = AccuracyPlot()
        self.plot.setMinimumHeight(_LEAST_PLOT)
        self.accuracies, self._accuracies_model = DataTable(), AccuraciesTable(self)
        self.accuracies.show_model(self._accuracies_model)
        self.deviations, self._deviations_model = _table(self)
        self.jitter, self._jitter_model = _table(self)
        self._lines = {name: wrapping_label("muted") for name in ("accuracies", "deviations", "jitter")}
        self.deviation_button = QPushButton()
        self.deviation_button.setIcon(icon("compare"))
        self.deviation_button.clicked.connect(self.deviation_requested)
        self._deviations: tuple[Sequence[Deviation], str] = ((), "")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._arrange()
        self.retranslate()
        self.set_run(run)

    @property
    def run(self) -> RunModel | None:
        return self._run

    def set_run(self, run: RunModel | None) -> None:
        if self._run is not None:
            self._run.changed.disconnect(self._changed)
        self._run = run
        if run is not None:
            run.changed.connect(self._changed)
        self._deviations = ((), "")
        self._show()

    def show_deviations(self, deviations: Sequence[Deviation], base: str) -> None:
        """Deviations of the run's moved statistics from ``base``: a file's name, or "" for the baseline's own."""
        self._deviations = (deviations, base)
        self._show_deviations()
        self.tabs.setCurrentIndex(1)

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(plot_theme(theme.colors, theme.dark))

    def retranslate(self) -> None:
        for index, text in enumerate((self.tr("Accuracy"), self.tr("Deviation"), self.tr("Jitter"))):
            self.tabs.setTabText(index, text)
        self._classifier_label.setText(self.tr("Classifier"))
        self.classifier.setAccessibleName(self.tr("Classifier of the plot"))
        self.accuracies.setAccessibleName(self.tr("Accuracy of each variant and classifier after the last task"))
        self.deviations.setAccessibleName(self.tr("Deviation of the moved statistics"))
        self.jitter.setAccessibleName(self.tr("Jitter of each class"))
        self.deviation_button.setText(self.tr("Compare with a class state..."))
        self._show()

    def _arrange(self) -> None:
        left, right = QWidget(), QWidget()
        left_column = column(left)
        left_column.addWidget(self._lines["accuracies"])
        left_column.addWidget(self.accuracies, 1)
        right_column = column(right)
        right_column.addWidget(self.plot, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setSizes([560, 400])
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        self.tabs.addTab(self.splitter, "")
        for name, table in (("deviations", self.deviations), ("jitter", self.jitter)):
            page = QWidget()
            inner = column(page, margin=MARGIN)
            inner.addWidget(self._lines[name])
            if name == "deviations":
                inner.addWidget(self.deviation_button, 0, Qt.AlignmentFlag.AlignLeft)
            inner.addWidget(table, 1)
            inner.addStretch(0)
            self.tabs.addTab(page, "")
        self.corner = QWidget()
        self.corner.setLayout(row(self._classifier_label, self.classifier))
        self.tabs.setCornerWidget(self.corner)
        self.tabs.currentChanged.connect(self._show_corner)
        column(self).addWidget(self.tabs)

    def _changed(self, aspect: str) -> None:
        if aspect in ("accuracies", "status"):
            self._show()

    def _show(self) -> None:
        accuracies = self._run.accuracies if self._run is not None else []
        self._show_accuracies(accuracies)
        self._show_deviations()
        self._show_jitter(self._run.jitter if self._run is not None else {})

    def _show_accuracies(self, accuracies: list[Accuracy]) -> None:
        classifiers = list(dict.fromkeys(row.classifier for row in accuracies))
        chosen = self.classifier.currentData()
        with QSignalBlocker(self.classifier):
            self.classifier.clear()
            for name in classifiers:
                self.classifier.addItem(name.upper(), name)
            self.classifier.setCurrentIndex(max(0, self.classifier.findData(chosen)) if classifiers else -1)
        last = max((row.task for row in accuracies), default=0)
        self.plot.setVisible(bool(accuracies))
        self._show_corner()
        self.accuracies.setVisible(bool(accuracies))
        after = self.tr("After task {task}, over all classes seen.").format(task=last)
        nothing = self.tr(
            "No accuracies yet. The demo, and files with an evaluation file, measure them after each task."
        )
        self._lines["accuracies"].setText(after if accuracies else nothing)
        self._accuracies_model.set_accuracies(accuracies)
        self._choose_classifier()

    def _show_corner(self) -> None:
        self.corner.setVisible(self.tabs.currentIndex() == 0 and self.classifier.count() > 0)

    def _choose_classifier(self) -> None:
        accuracies = self._run.accuracies if self._run is not None else []
        self.plot.set_accuracies(accuracies, self.classifier.currentData() or "")

    def _show_deviations(self) -> None:
        found, base = self._deviations
        self.deviations.setVisible(bool(found))
        outputs = {} if self._run is None or self._run.result is None else self._run.result.outputs
        has_state = "state" in outputs and Path(outputs["state"]).exists()
        self.deviation_button.setVisible(has_state)
        if found:
            self._lines["deviations"].setText(
                self.tr("Relative Frobenius deviation from {base}").format(base=base or self.tr("the baseline"))
            )
        elif has_state:
            self._lines["deviations"].setText(
                self.tr("How far the moved statistics are from those of another run or of an oracle.")
            )
        else:
            self._lines["deviations"].setText(
                self.tr("This run wrote no class state. Set 'Moved state' in the job to keep one for comparison.")
            )
        self._deviations_model.set_data(self._deviation_table(found))

    def _deviation_table(self, deviations: Sequence[Deviation]) -> TableData:
        headings = (
            self.tr("variant"),
            self.tr("classes"),
            self.tr("mean"),
            self.tr("covariance"),
            self.tr("worst mean"),
            self.tr("of class"),
            self.tr("worst covariance"),
            self.tr("of class"),
        )
        rows = [
            (
                stage_text(found.variant) or self.tr("(unnamed)"),
                found.classes,
                cells.Deviation(found.mean),
                cells.Deviation(found.covariance),
                cells.Deviation(found.worst_mean),
                found.worst_mean_class,
                cells.Deviation(found.worst_covariance),
                found.worst_covariance_class,
            )
            for found in deviations
        ]
        return TableData(self.tr("Deviation"), headings, (False, *(True,) * 7), rows)

    def _show_jitter(self, jitter: Mapping[str, Mapping[str, float]]) -> None:
        rows = [(operator, name, value) for operator, classes in jitter.items() for name, value in classes.items()]
        self.jitter.setVisible(bool(rows))
        some = self.tr("Added to the diagonal of a covariance until it had a Cholesky factor.")
        none = self.tr("No class needed jitter: every covariance had its Cholesky factor as it was.")
        early = self.tr("The jitter of each class is known when the run has finished.")
        done = self._run is not None and self._run.result is not None
        self._lines["jitter"].setText(some if rows else none if done else early)
        headings = (self.tr("operator"), self.tr("class"), self.tr("jitter"))
        self._jitter_model.set_data(TableData(self.tr("Jitter"), headings, (False, True, True), rows))


def _table(parent: QWidget) -> tuple[DataTable, TableDataModel]:
    table, model = DataTable(), TableDataModel(parent=parent)
    table.show_model(model)
    return table, model
