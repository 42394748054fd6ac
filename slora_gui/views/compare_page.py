"""Runs side by side: curves overlaid, and the metrics that they have in common against a base run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from slora_core.records.compare import Comparison
from slora_gui.i18n import Retranslating
from slora_gui.model.comparison_model import ComparisonTable
from slora_gui.plots.compare_plot import ComparePlot
from slora_gui.plots.style import plot_theme
from slora_gui.theme import Theme, icon
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.file_field import dropped_paths
from slora_gui.views.flow_layout import FlowLayout
from slora_gui.views.layout import GRID, MARGIN, column, row, show_tab, together, wrapping_label
from slora_gui.views.plot_tools import PlotTools
from slora_gui.views.readout import COUNTERS, counter_texts

if TYPE_CHECKING:
    from slora_gui.model.comparison_model import ComparisonModel

GROUPS = ("overall", "operator", "stage", "accuracy")
_ROOM_FOR_TABLES = 440
"""Pixels."""


class ComparePage(Retranslating, QWidget):
    """The list of runs with the base marked, the overlay, and a table a group of metrics."""

    add_requested = Signal()
    remove_requested = Signal(int)
    base_requested = Signal(int)
    run_both_requested = Signal()
    open_file_requested = Signal(str)
    export_requested = Signal(str)
    """A kind of plot export, or "report"."""

    def __init__(self, comparison: ComparisonModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._model = comparison
        self._line = wrapping_label("muted")
        self.runs = QListWidget()
        self.runs.setIconSize(QSize(16, 16))
        self.runs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # long names are elided
        self._no_icon = QIcon(_empty_picture())  # so that all names stand below each other
        self.buttons = {name: QPushButton() for name in ("add", "base", "remove")}
        self.both_button, self.report_button = QPushButton(), QPushButton()
        self.mode, self.counter = QComboBox(), QComboBox()
        for combo in (self.mode, self.counter):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._labels = QLabel(), QLabel()
        self._labels[0].setBuddy(self.mode)
        self._labels[1].setBuddy(self.counter)
        self.tools = PlotTools(("table", "export"))
        self.plot = ComparePlot()
        self.plot_table = DataTable(sortable=False)
        self._plot_table_model = TableDataModel(parent=self)
        self.plot_table.show_model(self._plot_table_model)
        self.upper = QStackedWidget()
        self.upper.addWidget(self.plot)
        self.upper.addWidget(self.plot_table)
        self.tables = {name: DataTable() for name in GROUPS}
        self._models = {name: ComparisonTable(self) for name in GROUPS}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._arrange()
        self._connect()
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(plot_theme(theme.colors, theme.dark))

    def retranslate(self) -> None:
        self.runs.setAccessibleName(self.tr("Runs that are compared"))
        texts = {
            "add": (self.tr("Add run..."), self.tr("A run file; it can be dropped on this page as well")),
            "base": (self.tr("Make base"), self.tr("Differences and ratios are taken against the base")),
            "remove": (self.tr("Remove"), self.tr("Takes the run off this page; its file stays")),
        }
        for name, (text, tip) in texts.items():
            self.buttons[name].setText(text)
            self.buttons[name].setToolTip(tip)
        self.both_button.setText(self.tr("Run baseline and optimised"))
        self.both_button.setToolTip(self.tr("Runs the job with the original and with the optimised engine"))
        self.report_button.setText(self.tr("Report..."))
        self.report_button.setToolTip(self.tr("This comparison as PDF or CSV"))
        self._labels[0].setText(self.tr("Over"))
        self._labels[1].setText(self.tr("Counter"))
        self._fill(self.mode, [("time", self.tr("time")), ("stage", self.tr("stages"))])
        self._fill(self.counter, [(name, counter_texts()[name][0]) for name in COUNTERS])
        self.mode.setAccessibleName(self.tr("Curves over"))
        self.counter.setAccessibleName(self.tr("Counter"))
        self.plot_table.setAccessibleName(self.tr("The compared curves as a table"))
        titles = (self.tr("Overall"), self.tr("Operators"), self.tr("Stages"), self.tr("Accuracy"))
        for index, (name, title) in enumerate(zip(GROUPS, titles, strict=True)):
            self.tabs.setTabText(index, title)
            self.tables[name].setAccessibleName(self.tr("Comparison: {group}").format(group=title))
        self._show()

    def _arrange(self) -> None:
        self.buttons["add"].setIcon(icon("open"))
        self.buttons["remove"].setIcon(icon("close"))
        self.buttons["base"].setIcon(icon("base"))
        self.both_button.setIcon(icon("run"))
        self.report_button.setIcon(icon("report"))
        left = QWidget()
        side = column(left)
        side.addWidget(self.runs, 1)
        side.addWidget(self.buttons["base"])
        side.addWidget(self.buttons["remove"])
        right = QWidget()
        main = column(right)
        choices = (together(self._labels[0], self.mode), together(self._labels[1], self.counter))
        main.addLayout(FlowLayout(*choices, self.tools))
        main.addWidget(self.upper, 1)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(left)
        across.addWidget(right)
        across.setStretchFactor(1, 1)
        across.setSizes([176, 744])
        across.setHandleWidth(GRID)
        across.setChildrenCollapsible(False)
        for name, table in self.tables.items():
            table.show_model(self._models[name])
            self.tabs.addTab(table, "")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(across)
        self.splitter.addWidget(self.tabs)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        layout = column(self, margin=MARGIN)
        layout.addLayout(row(self.both_button, self.buttons["add"], self.report_button))
        layout.addWidget(self._line)
        layout.addWidget(self.splitter, 1)
        layout.addStretch(0)

    def _connect(self) -> None:
        self.buttons["add"].clicked.connect(self.add_requested)
        self.buttons["base"].clicked.connect(self._make_base)
        self.buttons["remove"].clicked.connect(self._remove)
        self.both_button.clicked.connect(self.run_both_requested)
        self.report_button.clicked.connect(self._report)
        self.runs.itemActivated.connect(self._make_base)
        self.runs.currentRowChanged.connect(self._show_buttons)
        self.mode.currentIndexChanged.connect(self._show_curves)
        self.counter.currentIndexChanged.connect(self._show_curves)
        self.tools.table_toggled.connect(self._show_table)
        self.tools.export_requested.connect(self.export_requested)
        self._model.changed.connect(self._show)

    def _show(self) -> None:
        labels, base = self._model.labels, self._model.base
        current = self.runs.currentRow()
        with QSignalBlocker(self.runs):
            self.runs.clear()
            for index, label in enumerate(labels):
                text = self.tr("{run} (base)").format(run=label) if index == base else label
                item = QListWidgetItem(text)
                item.setToolTip(text)
                item.setIcon(icon("base") if index == base else self._no_icon)
                self.runs.addItem(item)
            self.runs.setCurrentRow(min(max(current, 0), len(labels) - 1))
        enough = len(labels) >= 2
        self.report_button.setEnabled(enough)
        self.splitter.setVisible(bool(labels))
        self._show_tabs()
        self._line.setVisible(not enough)
        self._line.setText(
            self.tr("Two or more runs are needed: run the baseline and the optimised engine, or add recorded runs.")
        )
        self.plot.set_runs(list(zip(labels, self._model.runs, strict=True)))
        self._show_curves()
        self._show_metrics(self._model.comparison if enough else None)
        self._show_buttons()

    def _show_curves(self) -> None:
        if self.mode.currentData() is not None and self.counter.currentData() is not None:
            self.plot.set_counter(self.counter.currentData())
            self.plot.set_mode(self.mode.currentData())
        if self.upper.currentWidget() is self.plot_table:
            self._plot_table_model.set_data(self.plot.data_table())

    def _show_metrics(self, comparison: Comparison | None) -> None:
        for index, (name, table) in enumerate(self._models.items()):
            table.show_comparison(comparison, (name,))
            table.retranslate()
            show_tab(self.tabs, index, table.rowCount() > 0)

    def _show_buttons(self) -> None:
        index = self.runs.currentRow()
        self.buttons["base"].setEnabled(index >= 0 and index != self._model.base)
        self.buttons["remove"].setEnabled(index >= 0)

    def _show_table(self, table: bool) -> None:
        if table:
            self._plot_table_model.set_data(self.plot.data_table())
        self.upper.setCurrentWidget(self.plot_table if table else self.plot)

    def _fill(self, combo: QComboBox, items: Sequence[tuple[str, str]]) -> None:
        chosen = combo.currentData()
        with QSignalBlocker(combo):
            combo.clear()
            for data, text in items:
                combo.addItem(text, data)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))

    def _make_base(self) -> None:
        if self.runs.currentRow() >= 0:
            self.base_requested.emit(self.runs.currentRow())

    def _remove(self) -> None:
        self.remove_requested.emit(self.runs.currentRow())

    def _report(self) -> None:
        self.export_requested.emit("report")

    def _show_tabs(self) -> None:
        """Where there is no room for plot and tables the plot has it."""
        self.tabs.setVisible(len(self._model.runs) >= 2 and self.height() >= _ROOM_FOR_TABLES)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tabs()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        for path in dropped_paths(event.mimeData()):
            self.open_file_requested.emit(path)


def _empty_picture() -> QPixmap:
    picture = QPixmap(16, 16)
    picture.fill(Qt.GlobalColor.transparent)
    return picture
