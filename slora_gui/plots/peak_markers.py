"""Peaks of stages, from their counters: a cap over the stage's time, a triangle, and the value where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from slora_core.memory.sizes import format_size
from slora_gui.plots.overlay import Overlay, free_of
from slora_gui.plots.stage_slots import inner_stages
from slora_gui.plots.style import fill, line_pen

_SIZE = 4.0
_NEAREST_PIXELS = 9
_LABELLED_PIXELS = 14.0
"""Above the axis: what lies lower says no more than that it is small."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A counter says that ``value_bytes`` was reached somewhere between ``start_s`` and ``end_s``."""

    start_s: float
    end_s: float
    value_bytes: int
    stage: str


def stage_peaks(stages: Sequence[Any], counter: str) -> list[Peak]:
    """Of the finished innermost stages, those in which ``counter`` is known and counted something."""
    return [
        Peak(stage.started_s, stage.started_s + stage.seconds, value, stage.stage)
        for stage in inner_stages(stages)
        if (value := getattr(stage, counter))
    ]


class PeakMarkers(Overlay):
    """Where markers would lie over each other the largest is shown; zooming in shows the others."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=20, kept=True)
        self._style = 0
        self._peaks: tuple[Peak, ...] = ()
        self._starts = self._ends = self._values = np.empty(0)
        self._occupied = QRectF()

    @property
    def peaks(self) -> tuple[Peak, ...]:
        return self._peaks

    def set_peaks(self, peaks: Sequence[Peak], style: int) -> None:
        """``style`` is an index into ``PlotTheme.curves``."""
        self._style = style
        self._peaks = tuple(sorted(peaks, key=lambda peak: -peak.value_bytes))
        self._starts = np.array([peak.start_s for peak in self._peaks])
        self._ends = np.array([peak.end_s for peak in self._peaks])
        self._values = np.array([peak.value_bytes for peak in self._peaks], dtype=np.float64)
        self.redraw()

    def set_occupied(self, area: QRectF) -> None:
        """Where something else is written: no value is put there."""
        if area != self._occupied:
            self._occupied = area
            self.redraw()

    def draw(self, painter: QPainter) -> None:
        if not self._peaks:
            return
        color = self.theme.curves[self._style].color
        painter.setFont(self.view.scene().font())
        left, right = self.x_pixels(self._starts), self.x_pixels(self._ends)
        tops = self.y_pixels(self._values)
        width = self.boundingRect().width()
        middle = np.clip((np.maximum(left, 0) + np.minimum(right, width)) / 2, _SIZE, max(_SIZE, width - _SIZE))
        shown = self._shown(left, right, middle)
        for index in shown:
            self._paint_marker(painter, color, (left[index], right[index]), QPointF(middle[index], tops[index]))
        self._paint_values(painter, shown, middle, tops)

    def _shown(self, left: np.ndarray, right: np.ndarray, middle: np.ndarray) -> list[int]:
        """Markers inside the view that keep their distance from a larger one."""
        shown: list[int] = []
        taken = np.zeros(int(self.boundingRect().width() + 2 * _NEAREST_PIXELS) + 2, dtype=bool)
        for index in np.flatnonzero((right >= 0) & (left <= self.boundingRect().width())):
            at = int(middle[index] + _NEAREST_PIXELS)
            if not taken[at]:
                taken[max(0, at - _NEAREST_PIXELS + 1) : at + _NEAREST_PIXELS] = True
                shown.append(int(index))
        return shown

    def _paint_marker(self, painter: QPainter, color: str, span: tuple[float, float], at: QPointF) -> None:
        painter.setPen(line_pen(color))
        if span[1] - span[0] > 2:
            painter.drawLine(QPointF(span[0], at.y()), QPointF(span[1], at.y()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(QColor(color))
        corners = QPointF(0, -2), QPointF(-_SIZE, -2 - 1.6 * _SIZE), QPointF(_SIZE, -2 - 1.6 * _SIZE)
        painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_values(self, painter: QPainter, shown: list[int], middle: np.ndarray, tops: np.ndarray) -> None:
        metrics, rect = QFontMetricsF(painter.font()), self.boundingRect()
        height = 1.6 * _SIZE
        taken = [self._occupied]
        taken += [QRectF(middle[i] - _SIZE, tops[i] - height - 2, 2 * _SIZE, height) for i in shown]
        plate = fill(self.theme.background, 0.88)
        for index in shown:
            if rect.bottom() - tops[index] < _LABELLED_PIXELS:
                continue
            text = format_size(self._peaks[index].value_bytes)
            place = QRectF(0, 0, metrics.horizontalAdvance(text) + 4, metrics.height() - 2)
            place.moveCenter(QPointF(middle[index], tops[index] - height - 4 - place.height() / 2))
            place.moveLeft(max(0.0, min(place.left(), rect.width() - place.width())))
            if place.top() < 0 or not free_of(place, taken):
                continue
            painter.fillRect(place, plate)
            painter.setPen(QColor(self.theme.foreground))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
            taken.append(place.adjusted(-4, -2, 4, 2))
