"""Peak memory against time: one point a plan, those that no other beats joined to the frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.model.forecasting import FrontierPoint
from slora_gui.plots.axes import BytesAxis, PlainAxis, seconds_text
from slora_gui.plots.base import Plot
from slora_gui.plots.canvas import Canvas
from slora_gui.plots.overlay import Grid, Overlay, free_of
from slora_gui.plots.style import blend, line_pen
from slora_gui.plots.table import TableData

_REACH_PIXELS: Final = 14.0


def frontier(points: Sequence[FrontierPoint]) -> list[int]:
    """Indices of the points that no other beats in both peak and time, by ascending peak."""
    best, least_s = [], math.inf
    for index in sorted(range(len(points)), key=lambda i: (points[i].peak_bytes, points[i].seconds)):
        if points[index].seconds < least_s:
            best.append(index)
            least_s = points[index].seconds
    return best


class FrontierPlot(Plot):
    """``point_activated`` carries the FrontierPoint that was clicked, or chosen with the arrows and Enter."""

    point_activated = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: tuple[FrontierPoint, ...] = ()
        self.chosen: int | None = None
        self.pointed: int | None = None
        view = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.canvas = Canvas(view, PlainAxis("left", seconds_text), BytesAxis("bottom", logarithmic=True))
        self._grid = Grid(view, self.canvas.left)
        self._dots = _Dots(view, self)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 8, 8, 0)
        column.addWidget(self.canvas)
        self.canvas.pointed.connect(self._point)
        self.canvas.scene().sigMouseClicked.connect(self._clicked)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 200)
        self.set_theme(self.theme)
        self.retranslate()

    def set_points(self, points: Sequence[FrontierPoint]) -> None:
        self.points, self.chosen, self.pointed = tuple(points), None, None
        self.set_empty("" if points else self.tr("No plans yet. Tune to see peak memory against time."))
        if points:
            logs = [math.log2(max(1, point.peak_bytes)) for point in points]
            margin = max(0.25, 0.08 * (max(logs) - min(logs)))
            longest_s = 1.15 * max(point.seconds for point in points) or 1.0
            self.canvas.show_range((min(logs) - margin, max(logs) + margin), (0.0, longest_s))
        self._dots.update()

    def set_chosen(self, index: int | None) -> None:
        """Mark the plan that is in use. Raises IndexError."""
        if index is not None and not 0 <= index < len(self.points):
            raise IndexError(f"point {index} of a frontier of {len(self.points)}")
        self.chosen = index
        self._dots.update()

    def data_table(self) -> TableData:
        best = set(frontier(self.points))
        rows = [(p.label, p.peak_bytes, p.seconds, p.measured, i in best) for i, p in enumerate(self.points)]
        columns = ("plan", "peak_bytes", "seconds_s", "measured", "on_frontier")
        return TableData(self.tr("Peak memory against time"), columns, (False, True, True, False, False), rows)

    def apply_theme(self) -> None:
        self.canvas.set_theme(self.theme)
        self.canvas.set_fonts()
        self.canvas.left.setWidth(self.fontMetrics().horizontalAdvance("000 s") + 34)
        self._grid.set_theme(self.theme)
        self._dots.set_theme(self.theme)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Peak memory against time, one point a plan"))
        self.setAccessibleDescription(self.tr("Left and right move along the plans, Enter applies one"))
        self.canvas.setAccessibleName(self.tr("Peak memory against time"))
        self.canvas.left.setLabel(self.tr("time"))
        self.canvas.bottom.setLabel(self.tr("peak memory"))
        self.set_empty("" if self.points else self.tr("No plans yet. Tune to see peak memory against time."))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        order = sorted(range(len(self.points)), key=lambda i: (self.points[i].peak_bytes, self.points[i].seconds))
        if order and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            here = self.pointed if self.pointed is not None else self.chosen
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            place = 0 if here is None else min(max(order.index(here) + step, 0), len(order) - 1)
            self._point_at(order[place])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointed is not None:
            self.point_activated.emit(self.points[self.pointed])
        elif event.key() == Qt.Key.Key_Escape and self.pointed is not None:
            self._point_at(None)
        else:
            super().keyPressEvent(event)

    def _point(self, position: Any) -> None:
        self._point_at(None if position is None else self._dots.near(position))

    def _clicked(self, event: QMouseEvent) -> None:
        area = self.canvas.view.sceneBoundingRect()
        index = self._dots.near(event.scenePos() - area.topLeft())  # type: ignore[attr-defined]
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.point_activated.emit(self.points[index])

    def _point_at(self, index: int | None) -> None:
        if index != self.pointed:
            self.pointed = index
            self.canvas.setCursor(Qt.CursorShape.ArrowCursor if index is None else Qt.CursorShape.PointingHandCursor)
            self._dots.update()

    def point_text(self, index: int) -> str:
        point = self.points[index]
        kind = self.tr("measured") if point.measured else self.tr("predicted")
        return f"{point.label} · {format_size(point.peak_bytes)} · {format_seconds(point.seconds)} · {kind}"


class _Dots(Overlay):
    """Filled dots are measured, rings predicted; the chosen one carries a larger ring and its name."""

    def __init__(self, view: pg.ViewBox, plot: FrontierPlot) -> None:
        super().__init__(view, z=10)
        self._plot = plot

    def places(self) -> list[QPointF]:
        """Pixels of every point."""
        return [
            QPointF(float(self.x_pixels(math.log2(max(1, p.peak_bytes)))), float(self.y_pixels(p.seconds)))
            for p in self._plot.points
        ]

    def near(self, position: QPointF) -> int | None:
        """Index of the nearest point within reach."""
        distances = [(math.hypot(*(place - position).toTuple()), i) for i, place in enumerate(self.places())]
        distance, index = min(distances, default=(math.inf, -1))
        return index if distance <= _REACH_PIXELS else None

    def draw(self, painter: QPainter) -> None:
        plot, theme, places = self._plot, self.theme, self.places()
        best = frontier(plot.points)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(line_pen(blend(theme.background, theme.accent, 0.55), 1.5))
        for here, there in pairwise(best):
            corner = QPointF(places[there].x(), places[here].y())
            painter.drawLine(places[here], corner)
            painter.drawLine(corner, places[there])
        for index, (place, point) in enumerate(zip(places, plot.points, strict=True)):
            color = theme.accent if index in best else blend(theme.background, theme.foreground, 0.5)
            painter.setPen(line_pen(color, 1.8))
            painter.setBrush(QColor(color if point.measured else theme.background))
            painter.drawEllipse(place, 5, 5)
            if index == plot.chosen:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(line_pen(theme.foreground, 1.8))
                painter.drawEllipse(place, 10, 10)
        taken = [QRectF(place.x() - 7, place.y() - 7, 14, 14) for place in places]
        for index in dict.fromkeys(i for i in (plot.pointed, plot.chosen) if i is not None):
            taken.append(self._name(painter, index, places[index], taken))

    def _name(self, painter: QPainter, index: int, place: QPointF, taken: Sequence[QRectF]) -> QRectF:
        """Beside its point, at the first place around it that covers nothing taken; returns the place."""
        text = self._plot.point_text(index)
        size = self.chip_size(text)
        left = place.x() - 14 - size.width()
        rows = (place.y() - 26, place.y() + 10, place.y() - 50, place.y() + 34)
        corners = [QPointF(x, y) for y in rows for x in (place.x() + 14, left)]
        inside = [corner for corner in corners if self.boundingRect().contains(QRectF(corner, size))]
        free = [corner for corner in inside if free_of(QRectF(corner, size), taken)]
        return self.paint_chip(painter, [*free, *inside, *corners][0], text, self.theme.foreground)
