"""All curves of a panel in one item, thinned to the pixels there are; what a running run gains is painted alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen

from slora_gui.plots.overlay import Overlay
from slora_gui.plots.stage_slots import extremes

Column = NDArray[np.float64]
_AROUND_PIXELS: Final = 3.0
"""How far a line of one pixel with its joints reaches."""


class CurveLayer(Overlay):
    """Curves over one ascending time axis, interrupted where values are NaN. Arrays are shared, not copied."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=1)
        self._t_s: Column = np.empty(0)
        self._curves: dict[str, Column] = {}
        self._pens: dict[str, QPen] = {}
        self.line_width = 1.0
        """Pixels of the device; wider lines are for pictures, see :func:`slora_gui.plots.style.curve_pen`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the curves that are drawn, the lowest first."""
        return tuple(self._curves)

    def set_pens(self, pens: Mapping[str, QPen]) -> None:
        self._pens = dict(pens)
        self.update()

    def set_curves(self, t_s: Column, curves: Mapping[str, Column]) -> None:
        """``t_s`` [n] in seconds, each curve [n] in bytes."""
        old, known = self._t_s, len(self._t_s)
        grown = curves.keys() == self._curves.keys() and known and np.shares_memory(old, t_s) and known <= len(t_s)
        self._t_s, self._curves = t_s, dict(curves)
        if not grown:
            self.update()
        elif len(t_s) > known:
            self._expose(known - 1)

    def _expose(self, first: int) -> None:
        """Ask for the painting of each curve from the sample ``first`` on, and of nothing beside it."""
        left, right = self.x_pixels(self._t_s[[first, -1]])
        for values in self._curves.values():
            y = self.y_pixels(values[first:])
            top, bottom = np.fmin.reduce(y), np.fmax.reduce(y)
            if top <= bottom:  # not so where no value is known
                strip = QRectF(left, top, right - left, bottom - top)
                self.update(strip.adjusted(-_AROUND_PIXELS, -_AROUND_PIXELS, _AROUND_PIXELS, _AROUND_PIXELS))

    def shown(self, name: str, columns: float) -> tuple[Column, Column]:
        """(seconds [m], bytes [m]) of a curve in view: where pixels are too few the extremes of each of ``columns``."""
        low, high = self.view.viewRange()[0]
        first, last = np.searchsorted(self._t_s, (low, high))
        stretch = slice(max(0, int(first) - 1), int(last) + 1)
        return extremes(self._t_s[stretch], self._curves[name][stretch], 2 * max(8, round(columns)))

    def draw(self, painter: QPainter) -> None:
        columns = self.view.rect().width() * painter.deviceTransform().m11()
        for name in self._curves:
            t_s, values = self.shown(name, columns)
            pen = QPen(self._pens[name])
            pen.setWidthF(self.line_width)
            painter.setPen(pen)
            painter.drawPath(pg.arrayToQPath(self.x_pixels(t_s), self.y_pixels(values), connect="finite"))
