"""Accuracy of each variant, task after task: what the compensation is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slora_core.records.run_file import Accuracy
from slora_gui.plots.axes import PlainAxis, percent_text, whole_text
from slora_gui.plots.base import Plot
from slora_gui.plots.canvas import Canvas
from slora_gui.plots.overlay import Grid
from slora_gui.plots.panel_header import PanelHeader
from slora_gui.plots.style import curve_pen
from slora_gui.plots.table import TableData

_SYMBOLS: Final = ("o", "s", "t", "d", "t1", "p")


class AccuracyPlot(Plot):
    """One line a variant, of one classifier; points appear as tasks finish."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._accuracies: tuple[Accuracy, ...] = ()
        self._classifier = ""
        self._hidden: set[str] = set()
        view = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.header = PanelHeader(parent=self.content)
        self.header.key_toggled.connect(self._toggle)
        self.canvas = Canvas(view, PlainAxis("left", percent_text), PlainAxis("bottom", whole_text))
        self._grid = Grid(view, self.canvas.left)
        self._items: list[pg.PlotDataItem] = []
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.canvas, 1)
        self.setMinimumSize(280, 200)
        self.set_theme(self.theme)
        self.retranslate()

    def set_accuracies(self, accuracies: Sequence[Accuracy], classifier: str) -> None:
        """Show those of ``classifier``."""
        self._accuracies = tuple(row for row in accuracies if row.classifier == classifier)
        self._classifier = classifier
        self.header.set_keys(tuple(self.lines()))
        self._draw()
        self.retranslate()

    def lines(self) -> dict[str, tuple[list[int], list[float]]]:
        """(tasks, accuracies in 0..1) by variant."""
        lines: dict[str, tuple[list[int], list[float]]] = {}
        for row in sorted(self._accuracies, key=lambda row: row.task):
            tasks, values = lines.setdefault(row.variant, ([], []))
            tasks.append(row.task)
            values.append(row.accuracy)
        return lines

    def data_table(self) -> TableData:
        rows = [(r.task, r.classes_seen, r.variant, r.classifier, r.accuracy) for r in self._accuracies]
        columns = ("task", "classes_seen", "variant", "classifier", "accuracy_fraction")
        return TableData(self.tr("Accuracy by task"), columns, (True, True, False, False, True), rows)

    def apply_theme(self) -> None:
        self.canvas.set_theme(self.theme)
        self.canvas.set_fonts()
        self._grid.set_theme(self.theme)
        self.canvas.left.setWidth(self.fontMetrics().horizontalAdvance("100.0 %") + 14)
        self._draw()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Accuracy of each variant by task"))
        self.canvas.setAccessibleName(self.tr("Accuracy by task"))
        self.canvas.bottom.setLabel(self.tr("task"))
        self.header.set_title(self.tr("Accuracy with {classifier}").format(classifier=self._classifier.upper()))
        self.header.set_labels({variant: (variant, "") for variant in self.header.keys})
        self.set_empty("" if self._accuracies else self.tr("No accuracies yet. They appear as tasks finish."))

    def _toggle(self, variant: str, shown: bool) -> None:
        (self._hidden.discard if shown else self._hidden.add)(variant)
        self._draw()

    def _draw(self) -> None:
        for item in self._items:
            self.canvas.removeItem(item)
        self._items = []
        lines = self.lines()
        styles = {variant: self.theme.series(index) for index, variant in enumerate(lines)}
        self.header.set_theme(self.theme, styles)
        for index, (variant, (tasks, values)) in enumerate(lines.items()):
            self.header.keys[variant].set_value(percent_text(values[-1], 0.001))
            if variant in self._hidden:
                continue
            item = pg.PlotDataItem(
                np.array(tasks, dtype=np.float64),
                np.array(values),
                pen=curve_pen(styles[variant], 2),
                symbol=_SYMBOLS[index % len(_SYMBOLS)],
                symbolSize=9,
                symbolPen=pg.mkPen(self.theme.background),
                symbolBrush=styles[variant].color,
                antialias=True,
                useCache=False,  # cached symbols are pixels, also in vector files
            )
            self.canvas.addItem(item)
            self._items.append(item)
        self._fit(lines)

    def _fit(self, lines: dict[str, tuple[list[int], list[float]]]) -> None:
        shown = [line for variant, line in lines.items() if variant not in self._hidden]
        if not shown:
            return
        tasks = [task for line in shown for task in line[0]]
        values = [value for line in shown for value in line[1]]
        margin = max(0.01, 0.1 * (max(values) - min(values)))
        self.canvas.show_range(
            (min(tasks) - 0.25, max(tasks) + 0.25),
            (max(0.0, min(values) - margin), min(1.0 + margin / 3, max(values) + margin)),
        )
