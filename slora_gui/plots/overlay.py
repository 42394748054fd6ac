"""Items painted over or under the curves in pixels of their view, whatever the zoom: crisp lines and upright text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPaintEngine, QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from slora_gui.plots.style import LIGHT, PlotTheme, blend, fill


class Overlay(QGraphicsObject):
    """Fills a view box and maps its data to pixels. Subclasses implement ``draw`` from their own state.

    What is ``kept`` is drawn once and shown from a bitmap until its view or, by :meth:`redraw`, its state changes; into
    vector files it is drawn as lines and text. ``opaque`` begins with the background's colour.
    """

    def __init__(self, view: pg.ViewBox, z: float, *, kept: bool = False, opaque: bool = False) -> None:
        super().__init__(view)
        self.view = view
        self._kept, self._opaque = kept, opaque
        self._bitmap: QPixmap | None = None
        self._bitmap_of: object = None
        self._exposed: QRectF | None = None
        self._extent: QRectF | None = None
        self.theme: PlotTheme = LIGHT
        self.setZValue(z)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # tells what is to be painted
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        view.sigRangeChanged.connect(self._view_changed)
        view.sigResized.connect(self._view_resized)

    def set_theme(self, theme: PlotTheme) -> None:
        self.theme = theme
        self.redraw()

    def redraw(self) -> None:
        """The state has changed."""
        self._bitmap = None
        self.update()

    def draw(self, painter: QPainter) -> None:
        raise NotImplementedError

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._kept or painter.paintEngine().type() != QPaintEngine.Type.Raster:
            self._exposed = QRectF(option.exposedRect)
            self.draw(painter)
            self._exposed = None
            return
        ratio = painter.deviceTransform().m11()  # pixels for a unit, on a screen or in a picture of any scale
        bitmap_of = (self.view.viewRange(), self.view.rect().size(), ratio)
        if self._bitmap is None or bitmap_of != self._bitmap_of:
            self._bitmap, self._bitmap_of = self._drawn(ratio), bitmap_of
        painter.drawPixmap(QPointF(0, 0), self._bitmap)

    def boundingRect(self) -> QRectF:
        return QRectF(self.view.rect()) if self._extent is None else self._extent

    def set_extent(self, extent: QRectF) -> None:
        """Of the view, what the item may paint on: what changes elsewhere does not paint it again."""
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent

    def x_pixels(self, x: NDArray[np.float64] | float) -> NDArray[np.float64]:
        (low, high), _ = self.view.viewRange()
        pixels: NDArray[np.float64] = (np.asarray(x) - low) * (self.view.rect().width() / (high - low))
        return pixels

    def y_pixels(self, y: NDArray[np.float64] | float) -> NDArray[np.float64]:
        _, (low, high) = self.view.viewRange()
        pixels: NDArray[np.float64] = (high - np.asarray(y)) * (self.view.rect().height() / (high - low))
        return pixels

    def y_value(self, pixel: float) -> float:
        _, (low, high) = self.view.viewRange()
        return float(high - pixel * (high - low) / max(1.0, self.view.rect().height()))

    def paint_grid(self, painter: QPainter, axis: pg.AxisItem) -> None:
        """Lines at the ticks of a vertical axis: opaque, which is many times faster than the axis's own."""
        rect, (low, high) = self.boundingRect(), self.view.viewRange()[1]
        line = QColor(blend(self.theme.background, self.theme.grid, 0.45))
        for _, values in axis.tickValues(low, high, rect.height()):
            for y in self.y_pixels(np.asarray(values, dtype=np.float64)):
                painter.fillRect(QRectF(0, round(float(y)), rect.width(), 1), line)

    def chip_size(self, text: str) -> QSizeF:
        metrics = QFontMetricsF(self.view.scene().font())
        return QSizeF(metrics.horizontalAdvance(text) + 12, metrics.height() + 4)

    def paint_chip(self, painter: QPainter, at: QPointF, text: str, color: str) -> QRectF:
        """``text`` on a small plate whose left top is ``at``, moved to stay in view; returns the plate."""
        inside, plate = QRectF(self.view.rect()), QRectF(at, self.chip_size(text))
        plate.moveLeft(max(inside.left() + 2, min(plate.left(), inside.right() - plate.width() - 2)))
        plate.moveTop(max(inside.top() + 2, min(plate.top(), inside.bottom() - plate.height() - 2)))
        if self._exposed is not None and not plate.intersects(self._exposed):
            return plate
        painter.setFont(self.view.scene().font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QColor(blend(self.theme.background, color, 0.45)))
        painter.setBrush(fill(self.theme.background, 0.92))
        painter.drawRoundedRect(plate.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(color))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return plate

    def _drawn(self, ratio: float) -> QPixmap:
        bitmap = QPixmap((self.view.rect().size() * ratio).toSize())
        bitmap.setDevicePixelRatio(ratio)
        bitmap.fill(QColor(self.theme.background) if self._opaque else Qt.GlobalColor.transparent)
        painter = QPainter(bitmap)
        try:
            self.draw(painter)
        finally:
            painter.end()  # a bitmap that dies under its painter takes the process with it
        return bitmap

    def _view_changed(self, *_: object) -> None:
        self.update()

    def _view_resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()


class Grid(Overlay):
    """The lines of a vertical axis, behind a plot that has no stages."""

    def __init__(self, view: pg.ViewBox, axis: pg.AxisItem) -> None:
        super().__init__(view, z=-20, kept=True, opaque=True)
        self._axis = axis

    def draw(self, painter: QPainter) -> None:
        self.paint_grid(painter, self._axis)


def free_of(plate: QRectF, taken: Sequence[QRectF]) -> bool:
    return not any(plate.intersects(other) for other in taken)
