"""A bare plot in the project's look: two axes, no buttons, no menu, no pixels wasted."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QGraphicsView

from slora_gui.plots.axes import BytesAxis
from slora_gui.plots.style import PlotTheme, blend, tabular


class Canvas(pg.PlotWidget):
    """``pointed(position)`` with the pointer in pixels of the view, None when it leaves."""

    pointed = Signal(object)

    def __init__(self, view: pg.ViewBox, left: pg.AxisItem, bottom: pg.AxisItem) -> None:
        super().__init__(viewBox=view, axisItems={"left": left, "bottom": bottom})
        self.view, self.left, self.bottom = view, left, bottom
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)  # a cached background is a bitmap in vector files
        self.hideButtons()
        self.setMenuEnabled(False)
        for axis in (left, bottom):
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
        self.scene().sigMouseMoved.connect(self._mouse_moved)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that lies behind is painted too
        self.viewport().installEventFilter(self)

    def add_curve(self, *, thinned: bool = True) -> pg.PlotDataItem:
        """A curve interrupted where values are NaN; x ascends. ``thinned`` to the peaks of each pixel."""
        item = pg.PlotDataItem(connect="finite")
        self.addItem(item)  # first: the plot imposes its own thinning on what is added
        if thinned:
            item.opts["autoDownsampleFactor"] = 1.0  # two points a pixel; the library's five cost four times as much
            item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        return item

    def show_range(self, x: tuple[float, float], y: tuple[float, float] | None = None) -> None:
        """Set the view; items take it over at once, so that one frame is painted and not two."""
        before = self.view.viewRange()
        if list(x) == before[0] and (y is None or list(y) == before[1]):
            return
        self.view.setXRange(*x, padding=0)
        if y is not None:
            self.view.setYRange(*y, padding=0)
        self.scene().prepareForPaint()

    def set_theme(self, theme: PlotTheme) -> None:
        self.setBackground(theme.background)
        for axis in (self.left, self.bottom):
            axis.setPen(theme.grid)
            axis.setTextPen(blend(theme.background, theme.foreground, 0.75))

    def set_fonts(self) -> None:
        """Take over the widget's font: text inside a graphics scene does not inherit it."""
        font = tabular(self.font())
        self.scene().setFont(font)
        for axis in (self.left, self.bottom):
            axis.setTickFont(font)
            axis.label.setFont(font)
        if isinstance(self.left, BytesAxis):
            self.left.setWidth(self.fontMetrics().horizontalAdvance("1023 MiB") + 14)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        return False

    def _mouse_moved(self, position: Any) -> None:
        area = self.view.sceneBoundingRect()
        self.pointed.emit(position - area.topLeft() if area.contains(position) else None)
