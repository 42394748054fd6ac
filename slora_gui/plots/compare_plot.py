"""Memory of several runs over each other, by time or stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slora_core.memory.sizes import format_size
from slora_gui.model.lists import listed
from slora_gui.model.stage_texts import stage_text
from slora_gui.plots.axes import BytesAxis, TimeAxis, time_text
from slora_gui.plots.bands import StageBands
from slora_gui.plots.base import Plot
from slora_gui.plots.canvas import Canvas
from slora_gui.plots.crosshair import Crosshair
from slora_gui.plots.curves import CURVES, curve_explanation, curve_name
from slora_gui.plots.overlay import Overlay
from slora_gui.plots.panel_header import PanelHeader
from slora_gui.plots.stage_slots import into_slots, slot_bands, slot_names, slot_peaks
from slora_gui.plots.statistics import MemoryCurves
from slora_gui.plots.style import PlotTheme, curve_pen, line_pen
from slora_gui.plots.table import TableData, known_bytes
from slora_gui.plots.time_range import TimeRange
from slora_gui.plots.time_view import TimeView

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

Mode: TypeAlias = Literal["time", "stage"]
_EDGE_PIXELS: Final = 8
"""Below a plot without times: half of the lowest label of the axis beside it."""
MODES: Final[tuple[Mode, ...]] = ("time", "stage")


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn of one run: m positions (seconds, or slots), bytes at them, and peaks by slot."""

    label: str
    x: NDArray[np.float64]
    bytes: NDArray[np.float64]
    peaks: dict[int, int]


class ComparePlot(Plot):
    """The first run is the base: its stages give the order of the others'."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[tuple[str, RunModel], ...] = ()
        self._mode: Mode = "time"
        self._counter = "allocated_bytes"
        self._hidden: set[str] = set()
        self._names: list[str] = []
        self._range = TimeRange()
        self.series: tuple[Series, ...] = ()
        self.header = PanelHeader(parent=self.content)
        self.view = TimeView()
        self.canvas = Canvas(self.view, BytesAxis("left"), TimeAxis("bottom"))
        self.bands = StageBands(self.view, self.canvas.left, named=True)
        self.caps = _PeakCaps(self.view)
        self.crosshair = Crosshair(self.view)
        self._items: list[pg.PlotDataItem] = []
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.canvas, 1)
        self.header.key_toggled.connect(self._toggle)
        self.canvas.pointed.connect(self._point)
        self.view.pan_requested.connect(self.pan_view)
        self.view.zoom_requested.connect(self.zoom_view)
        self.view.reset_requested.connect(self.reset_view)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 220)
        self.set_theme(self.theme)
        self.retranslate()

    def set_runs(self, runs: Sequence[tuple[str, RunModel]]) -> None:
        """(label, run) of each, the base first; labels differ from each other."""
        self._runs = tuple(runs)
        self._hidden.clear()
        self._build()

    def set_mode(self, mode: Mode) -> None:
        """ "time" from the start of each run, or "stage" by stage. Raises ValueError."""
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: expected one of {', '.join(MODES)}")
        self._mode = mode
        self._build()

    def set_counter(self, name: str) -> None:
        """The counter that is compared, such as "reserved_bytes". Raises ValueError."""
        known = [curve.counter for curve in CURVES]
        if name not in known:
            raise ValueError(f"counter {name!r}: expected one of {', '.join(known)}")
        self._counter = name
        self._build()

    def reset_view(self) -> None:
        self._range.reset()
        self._show_range()

    def pan_view(self, amount: float) -> None:
        """Move the view by seconds, or by slots."""
        self._range.pan(amount)
        self._show_range()

    def zoom_view(self, factor: float, center: float) -> None:
        """Make the view ``factor`` times as long around ``center``, in seconds or slots."""
        self._range.zoom(factor, center)
        self._show_range()

    def data_table(self) -> TableData:
        """Samples of every run in one table; by stage, the peaks of the stages by their counters."""
        if self._mode == "stage":
            rows: list[tuple[Any, ...]] = [
                (name, *(series.peaks.get(slot) for series in self.series)) for slot, name in enumerate(self._names)
            ]
            columns = ("stage", *(f"{series.label}: peak_{self._counter}" for series in self.series))
            return TableData(self.tr("Peaks by stage"), columns, (False, *(True for _ in self.series)), rows)
        rows = [
            (series.label, float(t_s), known_bytes(value))
            for series in self.series
            for t_s, value in zip(series.x, series.bytes, strict=True)
        ]
        return TableData(self.tr("Samples by run"), ("run", "t_s", self._counter), (False, True, True), rows)

    def apply_theme(self) -> None:
        self.canvas.set_theme(self.theme)
        self.canvas.set_fonts()
        for overlay in (self.bands, self.caps, self.crosshair):
            overlay.set_theme(self.theme)
        self._style()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Memory of the compared runs"))
        self.setAccessibleDescription(self.tr("Plus and minus zoom, left and right move, Home shows everything"))
        self.canvas.setAccessibleName(self.tr("Memory of the compared runs"))
        self.bands.redraw()
        self._retitle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        middle, span = (self._range.start_s + self._range.end_s) / 2, self._range.end_s - self._range.start_s
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_view(0.8, middle)
            case Qt.Key.Key_Minus:
                self.zoom_view(1.25, middle)
            case Qt.Key.Key_Left:
                self.pan_view(-span / 10)
            case Qt.Key.Key_Right:
                self.pan_view(span / 10)
            case Qt.Key.Key_Home:
                self.reset_view()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_range()

    def _build(self) -> None:
        by_stage = self._mode == "stage"
        self._names = slot_names([run.stages for _, run in self._runs]) if by_stage else []
        known = [(label, run) for label, run in self._runs if run.samples.has(self._counter)]
        self.series = tuple(self._series(label, run) for label, run in known)
        self.bands.set_bands(slot_bands(self._names))
        self.canvas.bottom.setStyle(showValues=not by_stage)
        self.canvas.bottom.setHeight(_EDGE_PIXELS if by_stage else None)
        self.header.set_keys([label for label, _ in known])
        for item in self._items:
            self.canvas.removeItem(item)
        self._items = [self._add(series) for series in self.series]
        ends = [float(series.x[-1]) for series in self.series if len(series.x)]
        self._range = TimeRange()
        self._range.set_data_end(float(len(self._names)) if by_stage else max(ends, default=1.0), growing=False)
        self._style()
        self._retitle()
        self._show_range()

    def _series(self, label: str, run: RunModel) -> Series:
        t_s, values = run.samples.t_s, run.samples.counter(self._counter)
        if self._mode == "time":
            return Series(label, t_s, values, {})
        return Series(
            label, *into_slots(t_s, values, run.stages, self._names), slot_peaks(run.stages, self._names, self._counter)
        )

    def _add(self, series: Series) -> pg.PlotDataItem:
        item = self.canvas.add_curve(thinned=self._mode == "time")
        item.setData(series.x, series.bytes)
        return item

    def _style(self) -> None:
        shown = []
        styles = {label: self.theme.series(index) for index, (label, _) in enumerate(self._runs)}
        for series, item in zip(self.series, self._items, strict=True):
            item.setPen(curve_pen(styles[series.label]))
            item.setVisible(series.label not in self._hidden)
            if series.label not in self._hidden:
                shown.append((series.peaks, styles[series.label].color))
        self.header.set_theme(self.theme, styles)
        self.caps.set_peaks(shown)

    def _retitle(self) -> None:
        self.header.set_title(curve_name(self._counter), curve_explanation(self._counter))
        missing = [label for label, run in self._runs if not run.samples.has(self._counter)]
        note = self.tr("not available: {runs}").format(runs=listed(missing)) if missing else ""
        self.header.set_note(note)
        self.header.set_labels({label: (label, "") for label in self.header.keys})
        self.set_empty("" if self._runs else self.tr("Choose two runs or more to see them over each other."))

    def _show_range(self) -> None:
        tops = [0.0]
        for series in self.series:
            if series.label not in self._hidden:
                first, last = np.searchsorted(series.x, (self._range.start_s, self._range.end_s))
                tops.append(float(np.fmax.reduce(series.bytes[max(0, first - 1) : last + 1], initial=0.0)))
                seen = range(int(self._range.start_s), int(np.ceil(self._range.end_s)))
                tops += [float(value) for slot, value in series.peaks.items() if slot in seen]
        height = max(80.0, self.view.rect().height())
        room = height / (height - min(self.bands.names_height, height / 3))
        self.canvas.show_range((self._range.start_s, self._range.end_s), (0.0, max(1024.0, *tops) * 1.06 * room))

    def _toggle(self, label: str, shown: bool) -> None:
        (self._hidden.discard if shown else self._hidden.add)(label)
        self._style()
        self._show_range()

    def _point(self, position: QPointF | None) -> None:
        """Values of every run under the pointer: the nearest sample, or the peak of the stage by its counter."""
        if position is None or not self.series:
            self.crosshair.setVisible(False)
            for key in self.header.keys.values():
                key.set_value("")
            return
        x = self.view.seconds_at(position)
        styles = {label: self.theme.series(index).color for index, (label, _) in enumerate(self._runs)}
        values = {series.label: self._value_at(series, x) for series in self.series}
        for label, value in values.items():
            self.header.keys[label].set_value("" if value is None else format_size(value))
        shown = [(float(v), styles[k]) for k, v in values.items() if v is not None and k not in self._hidden]
        if self._mode == "stage":
            slot = min(max(int(x), 0), len(self._names) - 1)
            self.crosshair.move(x, [], stage_text(self._names[slot]) if self._names else "")
        else:
            self.crosshair.move(x, shown, time_text(x, 0.01))

    def _value_at(self, series: Series, x: float) -> int | None:
        if self._mode == "stage":
            return series.peaks.get(int(x))
        if not len(series.x) or not series.x[0] <= x <= series.x[-1]:
            return None
        return known_bytes(series.bytes[MemoryCurves(series.x).nearest(x)])


class _PeakCaps(Overlay):
    """The peak of each slot by its counter, one line a run."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=20)
        self._peaks: list[tuple[dict[int, int], str]] = []
        self.theme: PlotTheme

    def set_peaks(self, peaks: list[tuple[dict[int, int], str]]) -> None:
        """(peaks by slot, colour) of each run."""
        self._peaks = peaks
        self.update()

    def draw(self, painter: QPainter) -> None:
        for peaks, color in self._peaks:
            painter.setPen(line_pen(color, 2.0))
            for slot, value in peaks.items():
                left, right = self.x_pixels(np.array([slot + 0.06, slot + 0.94]))
                y = float(self.y_pixels(float(value)))
                painter.drawLine(QPointF(left, y), QPointF(right, y))
