"""The memory budget as a line that is dragged, and the predicted peak as one that is not."""

from __future__ import annotations

from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPolygonF

from slora_gui.plots.overlay import Overlay
from slora_gui.plots.snapping import next_size, snap_size
from slora_gui.plots.style import PlotTheme, line_pen

_GRAB_PIXELS = 6.0
_RESOLUTION_PIXELS = 4.0


class BudgetLine(Overlay):
    """A horizontal line at the budget. Above the view it waits at the upper edge, and can be dragged from there."""

    dragged = Signal(object)
    released = Signal(object)
    wants_room = Signal()

    def __init__(self, view: pg.ViewBox, label: Callable[[int], str]) -> None:
        super().__init__(view, z=40)
        self._label = label
        self._budget_bytes: int | None = None
        self._offset = 0.0
        self._clear_pixels = 0.0
        self.dragging = False
        self.focused = False
        self._hovering = False
        self.setVisible(False)

    @property
    def budget_bytes(self) -> int | None:
        return self._budget_bytes

    def set_budget(self, budget_bytes: int | None) -> None:
        self._budget_bytes = budget_bytes
        self.setVisible(budget_bytes is not None)
        self._place()

    def set_clear(self, pixels: float) -> None:
        """Keep the label off the top of the view, where others write."""
        if pixels != self._clear_pixels:
            self._clear_pixels = pixels
            self._place()

    def set_focused(self, focused: bool) -> None:
        self.focused = focused
        self.update()

    def step(self, direction: int, free: bool = False) -> int | None:
        """The budget one sensible size above (1) or below (-1); ``free``: one pixel."""
        if self._budget_bytes is None:
            return None
        pixel = self._bytes_per_pixel()
        if free:
            return max(1, self._budget_bytes + direction * max(1, round(pixel)))
        return next_size(self._budget_bytes, direction, min(_RESOLUTION_PIXELS * pixel, self._budget_bytes / 4))

    def shape(self) -> pg.QtGui.QPainterPath:
        path = pg.QtGui.QPainterPath()
        y = self._line_y()
        path.addRect(QRectF(0, y - _GRAB_PIXELS, self.view.rect().width(), 2 * _GRAB_PIXELS))
        return path

    def hoverEvent(self, event: object) -> None:
        """Called by the plot's scene."""
        inside = not event.isExit() and event.acceptDrags(Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
        if inside != self._hovering:
            self._hovering = inside
            self.setCursor(Qt.CursorShape.SizeVerCursor) if inside else self.unsetCursor()
            self.update()

    def mouseDragEvent(self, event: object) -> None:
        """Called by the plot's scene. Snaps; with Shift it does not."""
        if event.button() != Qt.MouseButton.LeftButton or self._budget_bytes is None:  # type: ignore[attr-defined]
            event.ignore()  # type: ignore[attr-defined]
            return
        event.accept()  # type: ignore[attr-defined]
        if event.isStart():  # type: ignore[attr-defined]
            self.dragging = True
            self._offset = self._line_y() - event.buttonDownPos().y()  # type: ignore[attr-defined]
        y = event.pos().y() + self._offset  # type: ignore[attr-defined]
        if y < 0:
            self.wants_room.emit()
        free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)  # type: ignore[attr-defined]
        self._drag_to(max(1.0, self.y_value(max(y, 0.0))), free)
        if event.isFinish():  # type: ignore[attr-defined]
            self.dragging = False
            self.released.emit(self._budget_bytes)

    def draw(self, painter: QPainter) -> None:
        if self._budget_bytes is None:
            return
        rect, y = QRectF(self.view.rect()), round(self._line_y())
        strong = self._hovering or self.focused or self.dragging
        painter.setPen(line_pen(self.theme.budget, 2 if strong else 1))
        painter.drawLine(0, y, round(rect.width()), y)
        text = self._label(self._budget_bytes)
        size = self.chip_size(text)
        parked = self._budget_bytes > self.view.viewRange()[1][1]
        at = QPointF(rect.right() - size.width() - 18, self._label_top(y, size.height()))
        chip = self.paint_chip(painter, at, text, self.theme.budget)
        self._paint_handle(painter, chip, parked)

    def _label_top(self, y: float, height: float) -> float:
        """Above the line; below it where others write above."""
        above = y - height - 3
        top = above if above >= self._clear_pixels else max(y + 3.0, self._clear_pixels)
        return max(2.0, min(top, float(self.view.rect().height()) - height - 2))

    def _place(self) -> None:
        """What is painted: line, label and arrows, in a strip across the view."""
        rect, y, height = self.view.rect(), self._line_y(), self.chip_size("").height()
        top = self._label_top(y, height)
        low, high = min(y - _GRAB_PIXELS, top - 2), max(y + _GRAB_PIXELS, top + height + 2)
        self.set_extent(QRectF(0, low, rect.width(), high - low))
        self.update()

    def _view_changed(self, *_: object) -> None:
        self._place()

    def _view_resized(self, *_: object) -> None:
        self._place()

    def _paint_handle(self, painter: QPainter, chip: QRectF, parked: bool) -> None:
        """Two small arrows beside the label: up and down, or up alone for a budget above the view."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.budget))
        x, y = chip.right() + 8, chip.center().y()
        for sign in (-1,) if parked else (-1, 1):
            painter.drawPolygon(
                QPolygonF([QPointF(x - 4, y + 2 * sign), QPointF(x + 4, y + 2 * sign), QPointF(x, y + 7 * sign)])
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _drag_to(self, size_bytes: float, free: bool) -> None:
        resolution = _RESOLUTION_PIXELS * self._bytes_per_pixel()
        budget_bytes = round(size_bytes) if free else snap_size(size_bytes, resolution)
        if budget_bytes != self._budget_bytes:
            self.set_budget(budget_bytes)
            self.dragged.emit(budget_bytes)

    def _line_y(self) -> float:
        y = float(self.y_pixels(float(self._budget_bytes or 0)))
        return min(max(y, 2.0), float(self.view.rect().height()) - 1)

    def _bytes_per_pixel(self) -> float:
        return abs(self.y_value(0.0) - self.y_value(1.0))


class PredictedPeak(Overlay):
    """A thin dashed line at the predicted peak, with its label at the left.

    ``label_moved`` is told what the label covers; nothing is an empty rectangle.
    """

    def __init__(self, view: pg.ViewBox, label: Callable[[int], str], label_moved: Callable[[QRectF], None]) -> None:
        super().__init__(view, z=35)
        self._label = label
        self._label_moved = label_moved
        self.predicted_bytes: int | None = None
        self._clear_pixels = 0.0
        self._chip = _PredictedChip(view)

    def set_clear(self, pixels: float) -> None:
        """Keep the label off the top of the view, where others write."""
        if pixels != self._clear_pixels:
            self._clear_pixels = pixels
            self._place()

    def set_predicted(self, predicted_bytes: int | None) -> None:
        self.predicted_bytes = predicted_bytes
        self._place()

    def set_theme(self, theme: PlotTheme) -> None:
        super().set_theme(theme)
        self._chip.set_theme(theme)
        self._place()

    def retranslate(self) -> None:
        self._place()

    def _place(self) -> None:
        """The line and its label each paint on no more than they cover."""
        label, width = self.label(), float(self.view.rect().width())
        self.set_extent(QRectF() if label is None else QRectF(0, label[1] - 1, width, 3))
        self._chip.show_label(label, self._clear_pixels)
        self._label_moved(self._chip.area)
        self.update()

    def _view_changed(self, *_: object) -> None:
        self._place()

    def _view_resized(self, *_: object) -> None:
        self._place()

    def label(self) -> tuple[str, float] | None:
        """What is written at the line, and the line's height in pixels; None while it is out of the view."""
        if self.predicted_bytes is None or self.predicted_bytes > self.view.viewRange()[1][1]:
            return None
        return self._label(self.predicted_bytes), round(float(self.y_pixels(float(self.predicted_bytes))))

    def draw(self, painter: QPainter) -> None:
        if (label := self.label()) is not None:
            painter.setPen(line_pen(self.theme.accent, style=Qt.PenStyle.DashLine))
            painter.drawLine(0, round(label[1]), round(self.view.rect().width()), round(label[1]))


class _PredictedChip(Overlay):
    """The label of the predicted peak, above the budget line, which may lie close to it."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=45)
        self._text = ""
        self._at = QPointF()

    @property
    def area(self) -> QRectF:
        """What the label covers."""
        return QRectF(self._at, self.chip_size(self._text)) if self._text else QRectF()

    def show_label(self, label: tuple[str, float] | None, clear_pixels: float) -> None:
        """Text and height of the line; None: out of the view. It stands below the line rather than in the way."""
        self._text, y = label or ("", 0.0)
        size = self.chip_size(self._text)
        above = y - size.height() - 3
        self._at = QPointF(6, above if above >= max(2.0, clear_pixels) else max(y, clear_pixels) + 3)
        self.set_extent(QRectF(self._at, size).adjusted(-1, -1, 1, 1) if self._text else QRectF())
        self.update()

    def draw(self, painter: QPainter) -> None:
        if self._text:
            self.paint_chip(painter, self._at, self._text, self.theme.accent)


def share_text(fraction: float) -> str:
    """Percent in two digits, without its sign; a share too small to matter is only told to be small."""
    percent = 100 * fraction
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}" if percent >= 0.1 else "<0.1"
