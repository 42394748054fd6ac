"""The tuner: peak against time over plans, the trials behind it, and one click to apply a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox, QSplitter, QStackedWidget, QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.forecasting import FrontierPoint
from slora_gui.plots.frontier_plot import FrontierPlot
from slora_gui.plots.style import plot_theme
from slora_gui.plots.table import TableData
from slora_gui.theme import Theme, icon
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.flow_layout import FlowLayout
from slora_gui.views.layout import GRID, MARGIN, column, together, unbroken, wrapping_label
from slora_gui.views.plot_tools import PlotTools
from slora_gui.views.study_bar import StudyBar


class TunerPage(Retranslating, QWidget):
    """Shows points and trials; a click on a point, or Enter, asks for it to be applied to the job."""

    start_requested = Signal(int, int)
    """Trials and minutes, at most."""
    resume_requested = Signal(int, int)
    cancel_requested = Signal()
    apply_requested = Signal(object)
    """The FrontierPoint to apply."""
    export_requested = Signal(str)
    """ "toml" or "snippet" of the job with the chosen point, or a kind of plot export."""

    def __init__(self, trials: QAbstractItemModel | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: Sequence[FrontierPoint] = ()
        self._chosen: FrontierPoint | None = None
        self._line = wrapping_label("muted")
        self.trials_box, self.minutes_box = QSpinBox(), QSpinBox()
        for box, most, value in ((self.trials_box, 500, 24), (self.minutes_box, 240, 5)):
            box.setRange(1, most)
            box.setValue(value)
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._labels = QLabel(), QLabel()
        self._labels[0].setBuddy(self.trials_box)
        self._labels[1].setBuddy(self.minutes_box)
        self.tools = PlotTools(("table", "export"))
        limits = (together(self._labels[0], self.trials_box), together(self._labels[1], self.minutes_box))
        self.study = StudyBar(*limits, after=self.tools)
        self.plot = FrontierPlot()
        self.points_table, self.trials = DataTable(), DataTable()
        self._points_model = TableDataModel(parent=self)
        self.points_table.show_model(self._points_model)
        self._trials: QAbstractItemModel | None = None
        self.upper = QStackedWidget()
        self.upper.addWidget(self.plot)
        self.upper.addWidget(self.points_table)
        self.chosen_line = wrapping_label("muted")
        self._whole_runs: Mapping[str, Sequence[Mapping[str, Any]]] = {}
        self._whole_line = wrapping_label("muted")
        self.apply_button, self.toml_button, self.snippet_button = QPushButton(), QPushButton(), QPushButton()
        for button in (self.toml_button, self.snippet_button):
            button.setIcon(icon("export"))
        self._arrange()
        self._connect()
        self.show_trials(trials)
        self.retranslate()

    def show_points(self, points: Sequence[FrontierPoint], chosen: int | None = None) -> None:
        """The frontier, peaks ascending; ``chosen`` is the one that the job has now."""
        if list(points) == self._points:
            self._choose(chosen)
            return
        self._points = list(points)
        self.plot.set_points(self._points)
        self._choose(chosen)
        self.retranslate()

    @property
    def chosen(self) -> FrontierPoint | None:
        return self._chosen

    def show_whole_runs(self, runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Whole runs of the plans "planned" and "tuned", each with ``seconds`` and ``peak_allocated_bytes``."""
        self._whole_runs = runs
        self._show_whole_runs()

    def show_trials(self, trials: QAbstractItemModel | None) -> None:
        """The table of the trials so far; None: there are none."""
        self.trials.show_model(trials)
        self._trials = trials
        if trials is not None:
            trials.modelReset.connect(self._show_trials)
            trials.rowsInserted.connect(self._show_trials)
        self._show_trials()

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(plot_theme(theme.colors, theme.dark))

    def retranslate(self) -> None:
        self._line.setText(
            self.tr(
                "What more memory would buy: the fastest plan for every peak. Short trials replace predicted times."
            )
        )
        self._labels[0].setText(self.tr("Trials"))
        self._labels[1].setText(self.tr("Minutes"))
        for box, label in ((self.trials_box, self._labels[0]), (self.minutes_box, self._labels[1])):
            box.setAccessibleName(label.text())
            box.setToolTip(self.tr("The study ends when either is spent"))
        self.points_table.setAccessibleName(self.tr("Points of the frontier"))
        self.trials.setAccessibleName(self.tr("Trials"))
        self.apply_button.setText(self.tr("Apply this point"))
        self.apply_button.setToolTip(self.tr("Sets the job's budget and plan to those of the chosen point; undoable"))
        self.toml_button.setText(self.tr("Export TOML..."))
        self.toml_button.setToolTip(self.tr("The job with the chosen point, for the command line"))
        self.snippet_button.setText(self.tr("Export snippet..."))
        self.snippet_button.setToolTip(self.tr("A Python program that runs the job with the chosen point"))
        headings = (self.tr("peak bytes"), self.tr("time, s"), self.tr("plan"), self.tr("measured"))
        yes, no = self.tr("yes"), self.tr("predicted")
        rows = [(p.peak_bytes, p.seconds, p.label, yes if p.measured else no) for p in self._points]
        self._points_model.set_data(TableData(self.tr("Frontier"), headings, (True, True, False, False), rows))
        self._show_chosen()
        self._show_whole_runs()

    def _arrange(self) -> None:
        top = QWidget()
        upper = column(top)
        upper.addWidget(self.upper, 1)
        upper.addWidget(self.chosen_line)
        upper.addLayout(FlowLayout(self.apply_button, self.toml_button, self.snippet_button))
        upper.addWidget(self._whole_line)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(top)
        self.splitter.addWidget(self.trials)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID)
        layout = column(self, margin=MARGIN)
        layout.addWidget(self._line)
        layout.addWidget(self.study)
        layout.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self.study.start_requested.connect(self._start)
        self.study.resume_requested.connect(self._resume)
        self.study.cancel_requested.connect(self.cancel_requested)
        self.plot.point_activated.connect(self._activate)
        self.points_table.row_activated.connect(self._apply_row)
        self.points_table.selection_changed.connect(self._choose_selected)
        self.tools.table_toggled.connect(self._show_table)
        self.tools.export_requested.connect(self.export_requested)
        self.apply_button.clicked.connect(self._apply)
        self.toml_button.clicked.connect(self._export_toml)
        self.snippet_button.clicked.connect(self._export_snippet)

    def _start(self) -> None:
        self.start_requested.emit(self.trials_box.value(), self.minutes_box.value())

    def _resume(self) -> None:
        self.resume_requested.emit(self.trials_box.value(), self.minutes_box.value())

    def _activate(self, point: object) -> None:
        self._apply_row(next((index for index, own in enumerate(self._points) if own == point), -1))

    def _apply_row(self, index: int) -> None:
        self._choose(index)
        if self._chosen is not None:
            self._apply()

    def _choose_selected(self) -> None:
        self._choose(next(iter(self.points_table.selected_rows()), None))

    def _choose(self, index: int | None) -> None:
        self._chosen = self._points[index] if index is not None and 0 <= index < len(self._points) else None
        self.plot.set_chosen(index if self._chosen is not None else None)
        self._show_chosen()

    def _show_chosen(self) -> None:
        point = self._chosen
        self.apply_button.setEnabled(point is not None)
        if point is None:
            self.chosen_line.setText(self.tr("Choose a point to see what it needs.") if self._points else "")
            return
        text = self.tr("{peak}, {time} {how}. {plan}")
        how = self.tr("measured") if point.measured else self.tr("predicted")
        peak, time = format_size(point.peak_bytes), format_seconds(point.seconds)
        self.chosen_line.setText(unbroken(text.format(peak=peak, time=time, how=how, plan=point.label)))

    def _show_whole_runs(self) -> None:
        names = {"planned": self.tr("planned"), "tuned": self.tr("tuned")}
        parts = []
        for policy, runs in self._whole_runs.items():
            if not runs:
                continue
            best = min(runs, key=lambda run: run["seconds"])
            time, peak = format_seconds(best["seconds"]), format_size(best["peak_allocated_bytes"])
            parts.append(self.tr("{plan}: {time}, peak {peak}").format(plan=names[policy], time=time, peak=peak))
        self._whole_line.setVisible(bool(parts))
        self._whole_line.setText(
            self.tr("Measured in whole runs, the faster of each: {runs}").format(runs=self.tr("; ").join(parts))
        )

    def _show_trials(self) -> None:
        self.trials.setVisible(self._trials is not None and self._trials.rowCount() > 0)

    def _show_table(self, table: bool) -> None:
        self.upper.setCurrentWidget(self.points_table if table else self.plot)

    def _apply(self) -> None:
        self.apply_requested.emit(self._chosen)

    def _export_toml(self) -> None:
        self.export_requested.emit("toml")

    def _export_snippet(self) -> None:
        self.export_requested.emit("snippet")
