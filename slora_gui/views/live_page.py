"""A run, live or opened: progress, memory over time, the values under the pointer, and its stages as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QStackedWidget, QTabWidget, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.model.tables import RanksTable, StagesTable
from slora_gui.plots.memory_plot import MemoryPlot
from slora_gui.plots.rank_curves import RankCurves
from slora_gui.plots.style import plot_theme
from slora_gui.steady import Pace
from slora_gui.theme import Theme
from slora_gui.views.changes import request_change
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.file_field import dropped_paths
from slora_gui.views.layout import GRID, MARGIN, column, row, show_tab
from slora_gui.views.plot_tools import PlotTools
from slora_gui.views.progress_panel import ProgressPanel
from slora_gui.views.readout import ReadoutPanel
from slora_gui.views.region_panel import RegionPanel

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel
    from slora_gui.model.run_model import RunModel
    from slora_gui.model.what_if import Forecast

_ROOM_FOR_TABLES: Final = 520
"""Pixels."""


class LivePage(Retranslating, QWidget):
    """Shows ``run``; the budget line is that of ``job``, both ways."""

    cancel_requested = Signal()
    pause_toggled = Signal(bool)
    export_requested = Signal(str)
    """ "png", "svg", "csv" or "clipboard" of the plot."""
    open_files_requested = Signal(list)

    def __init__(self, run: RunModel | None, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._run: RunModel | None = None
        self._job = job
        self._drag = 0
        self.progress = ProgressPanel()
        self.tools = PlotTools()
        self.plot = MemoryPlot()
        self.rank_curves = tuple(RankCurves(panel) for panel in (self.plot.device, self.plot.host))
        self._seen_version = -1
        self.readout = ReadoutPanel()
        self._readout_pace = Pace(self.readout.refresh, self)
        self.stages = DataTable(sortable=True)
        self.region = RegionPanel()
        self.samples = DataTable(sortable=False)
        self._samples_model = TableDataModel(parent=self)
        self.samples.show_model(self._samples_model)
        self._stages_model = StagesTable(self)
        self.stages.show_model(self._stages_model)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.stages, "")
        self.tabs.addTab(self.region, "")
        self.ranks, self._ranks_model = DataTable(), RanksTable(self)
        self.ranks.show_model(self._ranks_model)
        self.tabs.addTab(self.ranks, "")
        self.upper = QStackedWidget()
        self.upper.addWidget(self.plot)
        self.upper.addWidget(self.samples)
        self._arrange()
        self._connect()
        self._show_budget("")
        self.retranslate()
        self.set_run(run)

    @property
    def run(self) -> RunModel | None:
        return self._run

    def set_run(self, run: RunModel | None) -> None:
        """Show another run, or none."""
        if self._run is not None:
            self._run.changed.disconnect(self._run_changed)
        self._run = run
        if run is not None:
            run.changed.connect(self._run_changed)
        self.tools.buttons["pause"].setChecked(False)
        self.tools.buttons["table"].setChecked(False)
        self.plot.set_run(run)
        self.progress.set_run(run)
        self.readout.set_run(run)
        self.region.show_region(None)
        self._stages_model.set_run(run)
        for curves in self.rank_curves:
            curves.set_run(run)
        self._watch_budget()
        self._show_ranks()

    def refresh(self) -> None:
        """For the window's timer, many times a second: cheap when nothing has changed."""
        self.plot.refresh()
        self._readout_pace.request()
        if self._run is not None and len(self._run.ranks) > 1 and not self.tools.buttons["pause"].isChecked():
            version = sum(self._run.samples_of(rank).version for rank in self._run.ranks)
            if version != self._seen_version:
                self._seen_version = version
                for curves in self.rank_curves:
                    curves.refresh()

    def show_moment(self, t_s: float) -> None:
        """Select the surroundings of a moment, a twentieth of the run or a second to both sides, and zoom to them."""
        if self._run is None:
            return
        reach_s = max(1.0, self._run.now_s / 20)
        self.upper.setCurrentWidget(self.plot)
        self.plot.refresh()
        self.plot.region.show(max(0.0, t_s - reach_s), t_s + reach_s)
        self.plot.zoom_to_region()

    def show_forecast(self, forecast: Forecast) -> None:
        self.plot.set_forecast(forecast.predicted_peak_bytes)

    def set_device(self, kind: str, name: str, total_bytes: int | None) -> None:
        """The device of the next run."""
        self.plot.set_device(kind, name, total_bytes)

    def set_theme(self, theme: Theme) -> None:
        colors = plot_theme(theme.colors, theme.dark)
        self.plot.set_theme(colors)
        for curves in self.rank_curves:
            curves.set_theme(colors)

    def retranslate(self) -> None:
        self.stages.setAccessibleName(self.tr("Stages"))
        self._stages_model.retranslate()
        self.samples.setAccessibleName(self.tr("Samples of the memory curve"))
        self.tabs.setTabText(0, self.tr("Stages"))
        self.tabs.setTabText(1, self.tr("Region"))
        self.tabs.setTabText(2, self.tr("Processes"))
        self.tabs.setTabToolTip(2, self.tr("The processes that share this run, side by side"))
        self.ranks.setAccessibleName(self.tr("Processes"))
        self._ranks_model.retranslate()

    def _arrange(self) -> None:
        top = QWidget()
        upper = column(top)
        upper.addWidget(self.progress)
        upper.addLayout(row(self.tools))
        upper.addWidget(self.upper, 1)
        upper.addWidget(self.readout)
        bottom = QWidget()
        bottom.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        lower = column(bottom)
        lower.setContentsMargins(0, GRID, 0, 0)
        lower.addWidget(self.tabs, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(top)
        self.splitter.addWidget(bottom)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([480, 208])
        self.splitter.setChildrenCollapsible(False)
        self._bottom = bottom
        column(self, margin=MARGIN).addWidget(self.splitter)

    def _connect(self) -> None:
        self.progress.cancel_requested.connect(self.cancel_requested)
        self.tools.pause_toggled.connect(self._pause)
        self.tools.zoom_requested.connect(self._zoom)
        self.tools.reset_requested.connect(self.plot.reset_view)
        self.tools.table_toggled.connect(self._show_table)
        self.tools.export_requested.connect(self.export_requested)
        self.plot.hovered.connect(self.readout.hover)
        self.plot.region_changed.connect(self._show_region)
        self.plot.budget_dragged.connect(self._drag_budget)
        self.plot.budget_released.connect(self._release_budget)
        self._job.changed.connect(self._show_budget)

    def _pause(self, paused: bool) -> None:
        self.plot.set_paused(paused)
        self.pause_toggled.emit(paused)

    def _zoom(self) -> None:
        self.plot.zoom_to_region()

    def _show_table(self, table: bool) -> None:
        if table:
            self._samples_model.set_data(self.plot.data_table())
        self.upper.setCurrentWidget(self.samples if table else self.plot)

    def _show_region(self, region: object) -> None:
        self.region.show_region(region)  # type: ignore[arg-type]  # RegionStatistics or None
        if region is not None:
            self.tabs.setCurrentWidget(self.region)

    def _drag_budget(self, budget_bytes: object) -> None:
        self._change_budget(budget_bytes, f"budget-line-{self._drag}")

    def _release_budget(self, budget_bytes: object) -> None:
        self._change_budget(budget_bytes, f"budget-line-{self._drag}")
        self._drag += 1

    def _change_budget(self, budget_bytes: object, merge_key: str) -> None:
        if budget_bytes != self._job.config.memory.budget:
            request_change(self._job, {"memory": {"budget": budget_bytes}}, self.tr("Set budget"), merge_key)

    def _show_budget(self, section: str) -> None:
        if section in ("", "memory"):
            self.plot.set_budget(self._job.config.memory.budget)
            self._watch_budget()

    def _watch_budget(self) -> None:
        """A run that goes on is held against the line that is on show, wherever it has been dragged."""
        if self._run is not None and self._run.active:
            self._run.watch_budget(self._job.config.memory.budget)

    def _run_changed(self, aspect: str) -> None:
        if aspect in ("status", "stages"):
            self.readout.show_peaks()
            self._show_ranks()

    def _show_ranks(self) -> None:
        several = self._run is not None and len(self._run.ranks) > 1
        show_tab(self.tabs, 2, several)
        self._ranks_model.show(self._run if several else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for plot and tables the plot has it."""
        super().resizeEvent(event)
        self._bottom.setVisible(event.size().height() >= _ROOM_FOR_TABLES)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_files_requested.emit(dropped_paths(event.mimeData()))
