"""What lies behind the curves, in one item: stages as faint stripes, their names where these fit, and the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from slora_gui.model.stage_texts import stage_text
from slora_gui.plots.overlay import Overlay
from slora_gui.plots.style import blend, line_pen

_NARROWEST_PIXELS = 1.5
_ROWS = 3


class StageBands(Overlay):
    """Stripes of alternating tint, one for each stage of the outermost level that has more than one stage.

    ``named`` adds a row of names for each level at the top of the view.
    """

    def __init__(self, view: pg.ViewBox, axis: pg.AxisItem, *, named: bool) -> None:
        super().__init__(view, z=-20, kept=True, opaque=True)
        self._axis = axis
        self._named = named
        self._levels: list[tuple[np.ndarray, np.ndarray, list[str]]] = []

    def set_bands(self, bands: Sequence[Any]) -> None:
        """``bands`` have ``start_s``, ``end_s``, ``stage`` (a dotted path) and ``depth``."""
        by_depth: dict[int, list[Any]] = {}
        for band in bands:
            by_depth.setdefault(band.depth, []).append(band)
        self._levels = [
            (
                np.array([band.start_s for band in level]),
                np.array([band.end_s for band in level]),
                [band.stage.rpartition(".")[2] for band in level],
            )
            for _, level in sorted(by_depth.items())[:_ROWS]
        ]
        self.redraw()

    @property
    def names_height(self) -> float:
        """Pixels at the top of the view that names take."""
        return self._row_height() * len(self._levels) + 4 if self._named and self._levels else 0.0

    def draw(self, painter: QPainter) -> None:
        painter.setFont(self.view_font())
        if self._levels:
            self._paint_stripes(painter)
        self.paint_grid(painter, self._axis)
        if self._named:
            for row, (starts, ends, names) in enumerate(self._levels):
                self._paint_names(painter, row, self.x_pixels(starts), self.x_pixels(ends), names)

    def view_font(self) -> Any:
        font = self.view.scene().font() if self.view.scene() is not None else pg.QtGui.QFont()
        font.setPointSizeF(font.pointSizeF() * 0.88)
        return font

    def _paint_stripes(self, painter: QPainter) -> None:
        starts, ends, _ = next((level for level in self._levels if len(level[0]) > 1), self._levels[0])
        left, right = self.x_pixels(starts), self.x_pixels(ends)
        rect = self.boundingRect()
        painter.setPen(Qt.PenStyle.NoPen)
        tints = QColor(self.theme.band_odd), QColor(self.theme.band_even)
        for index in np.flatnonzero((right - left >= _NARROWEST_PIXELS) & (right > 0) & (left < rect.width())):
            edge = max(0.0, left[index])
            stripe = QRectF(edge, rect.top(), min(rect.width(), right[index]) - edge, rect.height())
            painter.fillRect(stripe, tints[index % 2])

    def _paint_names(self, painter: QPainter, row: int, left: np.ndarray, right: np.ndarray, names: list[str]) -> None:
        metrics = QFontMetricsF(painter.font())
        rect, height = self.boundingRect(), self._row_height()
        top = rect.top() + 2 + row * height
        left, right = np.maximum(left, 0.0), np.minimum(right, rect.width())
        weight = (0.82, 0.66, 0.58)[row]
        for index in np.flatnonzero(right - left > 14):
            edge, room = float(left[index]), float(right[index] - left[index])
            if row == 0 and edge > 0:
                painter.setPen(line_pen(self.theme.grid))
                painter.drawLine(round(edge), round(rect.top()), round(edge), round(rect.bottom()))
            name = stage_text(names[index])
            if metrics.horizontalAdvance(name) + 8 > room:
                continue
            painter.setPen(QColor(blend(self.theme.background, self.theme.foreground, weight)))
            place = QRectF(edge + 5, top, room - 6, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _row_height(self) -> float:
        return QFontMetricsF(self.view_font()).height() + 1


def left_open(bands: Sequence[Any], end_s: float) -> list[Any]:
    """Those that reach to ``end_s``, the end of what is known of a running run, without an end."""
    return [replace(band, end_s=math.inf) if band.end_s >= end_s else band for band in bands]
