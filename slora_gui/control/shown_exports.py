"""Exports of what is on show: the plot of the page, and the runs on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from slora_gui.control.appearance import Appearance
from slora_gui.control.export_desk import PLOT_KINDS, ExportDesk
from slora_gui.model.comparison_model import ComparisonModel
from slora_gui.model.run_model import RunModel

if TYPE_CHECKING:
    from slora_gui.composition import Views
    from slora_gui.main_window import MainWindow


class ShownExports(QObject):
    def __init__(
        self,
        exports: ExportDesk,
        views: Views,
        window: MainWindow,
        *,
        comparison: ComparisonModel,
        appearance: Appearance,
        shown_run: Callable[[], RunModel | None],
        shown_ablation: Callable[[], Path | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._shown_ablation = shown_ablation
        self._exports, self._views, self._window = exports, views, window
        self._comparison, self._appearance, self._shown_run = comparison, appearance, shown_run
        for page in (views.live, views.compare, views.tuner):
            page.export_requested.connect(self._export)

    @property
    def plot_widget(self) -> QWidget | None:
        """The plot of the page on show."""
        return getattr(self._views.pages[self._window.page], "plot", None)

    @property
    def files(self) -> list[Path]:
        """The runs of the comparison when that is on show, its base first, else the one run."""
        comparison, run = self._comparison, self._shown_run()
        compared = self._window.page == "compare" and comparison.runs
        runs = [comparison.runs[index] for index in comparison.order] if compared else []
        runs = runs or ([run] if run is not None else [])
        return [run.path for run in runs if run.path is not None]

    @property
    def reported(self) -> list[Path]:
        """What a report is about: the ablation when that is on show, else the runs."""
        ablation = self._ablation
        return self.files if ablation is None else [ablation]

    @property
    def _ablation(self) -> Path | None:
        return self._shown_ablation() if self._window.page == "ablation" else None

    def plot(self, kind: str) -> None:
        if (plot := self.plot_widget) is not None:
            self._exports.export_plot(plot, kind)

    def report(self) -> None:
        self._exports.export_report(self.reported, self._appearance.language)

    def tables(self) -> None:
        if self._ablation is not None:
            self._exports.export_table(self._views.ablation.data_table(), "ablation.csv")
        else:
            self._exports.export_tables(self.files)

    @Slot(str)
    def _export(self, kind: str) -> None:
        if kind == "report":
            self.report()
        elif kind in (*PLOT_KINDS.values(), "clipboard"):
            self.plot(kind)
