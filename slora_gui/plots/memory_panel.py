"""One panel of the memory plot: its curves, stripes, markers, crosshair and region over a time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slora_core.memory.sizes import format_size
from slora_gui.plots.axes import BytesAxis, TimeAxis
from slora_gui.plots.bands import StageBands
from slora_gui.plots.canvas import Canvas
from slora_gui.plots.crosshair import Crosshair
from slora_gui.plots.curve_layer import CurveLayer
from slora_gui.plots.curves import Curve, curve_explanation, curve_name
from slora_gui.plots.panel_header import PanelHeader
from slora_gui.plots.peak_markers import PeakMarkers, stage_peaks
from slora_gui.plots.statistics import MemoryCurves, Readout
from slora_gui.plots.style import LIGHT, PlotTheme, curve_pen, fill
from slora_gui.plots.time_view import TimeView

_HEADROOM = 1.12


class MemoryPanel(QWidget):
    """``hovered(t_s)`` in seconds, None when the pointer leaves; ``visibility_changed`` when a curve is toggled."""

    hovered = Signal(object)
    visibility_changed = Signal()

    def __init__(self, curves: Sequence[Curve], *, time_labels: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: PlotTheme = LIGHT
        self.header = PanelHeader([curve.counter for curve in curves], self)
        self.header.key_toggled.connect(self.set_curve_visible)
        self.view = TimeView()
        self.plot = Canvas(self.view, BytesAxis("left"), TimeAxis("bottom"))
        self.plot.bottom.setStyle(showValues=time_labels, tickLength=-4)
        if not time_labels:
            self.plot.bottom.setHeight(8)
        self._curves = {curve.counter: curve for curve in curves}
        self.curves = CurveLayer(self.view)
        self._hidden: set[str] = set()
        self._known: tuple[str, ...] = ()
        self.extra_top: Callable[[float, float], float] = _nothing_more
        """Largest value in bytes, between two times, of what others draw into this panel."""
        self.bands = StageBands(self.view, self.plot.left, named=not time_labels)
        self.peaks = PeakMarkers(self.view)
        self.crosshair = Crosshair(self.view)
        self.region = pg.LinearRegionItem(movable=True)
        self.region.setZValue(-5)
        self.region.setVisible(False)
        self.plot.addItem(self.region, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.plot, 1)
        self.plot.pointed.connect(self._pointed)

    @property
    def shown_counters(self) -> tuple[str, ...]:
        """Counters with a known value that the user has not hidden."""
        return tuple(name for name in self._known if name not in self._hidden)

    def set_theme(self, theme: PlotTheme) -> None:
        self.theme = theme
        styles = {name: theme.curves[curve.style] for name, curve in self._curves.items()}
        self.plot.set_theme(theme)
        self.curves.set_pens({name: curve_pen(style) for name, style in styles.items()})
        for overlay in (self.bands, self.peaks, self.crosshair):
            overlay.set_theme(theme)
        self.region.setBrush(fill(theme.accent, 0.14))
        self.region.setHoverBrush(fill(theme.accent, 0.20))
        for line in self.region.lines:
            line.setPen(pg.mkPen(theme.accent, width=1))
            line.setHoverPen(pg.mkPen(theme.accent, width=2))
        self.header.set_theme(theme, styles)

    def retranslate(self, name: str) -> None:
        """``name`` is for screen readers."""
        self.plot.setAccessibleName(name)
        self.bands.redraw()
        self.header.set_labels({counter: (curve_name(counter), curve_explanation(counter)) for counter in self._curves})

    def set_samples(self, samples: MemoryCurves) -> None:
        """Arrays are shared, not copied."""
        self._known = tuple(name for name in self._curves if name in samples.counters)
        for name in self._curves:
            self.header.set_key_visible(name, name in self._known)
        self.curves.set_curves(samples.t_s, {name: samples.counters[name] for name in self.shown_counters})

    def set_peaks(self, stages: Sequence[Any], counter: str) -> None:
        """Mark the peaks of ``counter`` in the innermost stages, unless its curve is hidden."""
        hidden = bool(self._known) and counter not in self.shown_counters
        self.peaks.set_peaks([] if hidden else stage_peaks(stages, counter), self._curves[counter].style)

    def top_of(self, samples: MemoryCurves, start_s: float, end_s: float) -> float:
        """Largest value in bytes that is visible between two times; 0 where nothing is."""
        first, last = np.searchsorted(samples.t_s, (start_s, end_s))
        stretch = slice(max(0, int(first) - 1), int(last) + 1)
        tops = [np.fmax.reduce(samples.counters[name][stretch], initial=0.0) for name in self.shown_counters]
        peaks = [peak.value_bytes for peak in self.peaks.peaks if peak.end_s >= start_s and peak.start_s <= end_s]
        return float(max([*tops, *peaks, self.extra_top(start_s, end_s)]))

    def style_of(self, name: str) -> int:
        """Index into ``PlotTheme.curves`` of a counter of this panel."""
        return self._curves[name].style

    def set_curve_visible(self, name: str, visible: bool) -> None:
        if visible:
            self._hidden.discard(name)
        else:
            self._hidden.add(name)
        self.header.keys[name].setChecked(visible)
        self.visibility_changed.emit()

    def show_range(self, start_s: float, end_s: float, top_bytes: float | None, *, exactly: bool = False) -> None:
        """Show 0 to ``top_bytes`` below the rows of names, between two times; None keeps the height.

        Unless ``exactly``, a height that fits roughly stays as well.
        """
        y = None if top_bytes is None else (0.0, self._height(top_bytes))
        low, high = self.view.viewRange()[1]
        if y is not None and not exactly and low == 0 and 0.5 * high <= y[1] <= high:
            y = None
        self.plot.show_range((start_s, end_s), y)

    def _height(self, top_bytes: float) -> float:
        height = max(80.0, float(self.view.rect().height()))
        return max(top_bytes, 1024.0) * _HEADROOM * height / (height - min(self.bands.names_height, height / 3))

    def point_at(self, readout: Readout, text: str = "") -> None:
        """Put the crosshair on a sample, and the values into the key."""
        values = {name: readout.values.get(name) for name in self._known}
        dots = [
            (float(value), self.theme.curves[self._curves[name].style].color)
            for name, value in values.items()
            if value is not None and name not in self._hidden
        ]
        self.crosshair.move(readout.t_s, dots, text)
        self._show_values(values)

    def leave(self, last: Readout | None) -> None:
        """Hide the crosshair; the key shows the values of ``last``, or none."""
        self.crosshair.setVisible(False)
        self._show_values({name: last.values.get(name) if last else None for name in self._known})

    def _show_values(self, values: dict[str, int | None]) -> None:
        for name, value in values.items():
            self.header.keys[name].set_value("" if value is None else format_size(value))

    def _pointed(self, position: Any) -> None:
        self.hovered.emit(None if position is None else self.view.seconds_at(position))


def _nothing_more(start_s: float, end_s: float) -> float:
    return 0.0
