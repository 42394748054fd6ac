"""All curves of a panel in one item, thinned to the pixels there are; what a running run gains is painted alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from slora_gui.plots.overlay import Overlay
from slora_gui.plots.stage_slots import extremes_of

Column = NDArray[np.float64]
_AROUND_PIXELS: Final = 3.0
"""How far a line of one pixel with its joints reaches."""
_PIECE_PIXELS: Final = 128.0
_LOOK_EVERY: Final = 64
_THINNED_FROM: Final = 2.5
"""Samples a pixel: two extremes a pixel are not worth it below."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How curves are cut for painting: of ``thinned`` samples the extremes; ``bins`` of them in a piece.

    Pieces are counted from the first sample. Dashes of a curve that grows begin anew with each, so that a piece painted
    alone looks as it does among the others.
    """

    thinned: int = 1
    bins: int = 16

    @classmethod
    def of(cls, samples_per_pixel: float) -> Layout:
        thinned = round(samples_per_pixel) if samples_per_pixel >= _THINNED_FROM else 1
        wanted = max(16.0, _PIECE_PIXELS * samples_per_pixel / thinned)
        return cls(thinned, 2 ** math.ceil(math.log2(wanted)))

    @property
    def samples(self) -> int:
        """Of a piece."""
        return self.thinned * self.bins

    @property
    def points(self) -> int:
        """Of a piece."""
        return self.bins * (2 if self.thinned > 1 else 1)


class CurveLayer(Overlay):
    """Curves over one ascending time axis, interrupted where values are NaN. Arrays are shared, not copied."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=1)
        self._t_s: Column = np.empty(0)
        self._curves: dict[str, Column] = {}
        self._pens: dict[str, QPen] = {}
        self._drawn_in = Layout()
        self._growing = False
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
        if grown and len(t_s) > known and not self._growing:
            self._growing = True  # from now on dashes begin with each piece
            self.update()
        elif not grown or (known // _LOOK_EVERY < len(t_s) // _LOOK_EVERY and self._cut_otherwise()):
            self.update()
        elif len(t_s) > known:
            self._expose(known - 1)

    def layout_at(self, scale: float) -> Layout:
        """How the samples in view are cut on a device of ``scale`` pixels a unit."""
        first, last = self._within(0.0, self.boundingRect().width())
        if last - first < 2:
            return Layout()
        left, right = self.x_pixels(self._t_s[[first, last - 1]])
        return Layout.of((last - first) / max(1.0, float(right - left) * scale))

    def shown(self, layout: Layout, left: float, right: float) -> Iterator[tuple[str, Column, Column]]:
        """(name, seconds [m], bytes [m]) of each curve: its pieces between two pixels, to the first bin of the next."""
        first, last = self._within(left, right)
        piece = layout.samples
        stretch = slice(first // piece * piece, -(-last // piece) * piece + layout.thinned)
        for name, values in self._curves.items():
            yield name, *extremes_of(self._t_s[stretch], values[stretch], layout.thinned)

    def draw(self, painter: QPainter) -> None:
        """Draw what is exposed, whole pieces of it."""
        if not len(self._t_s):
            return
        whole, scale = self.boundingRect(), painter.deviceTransform().m11()
        area = whole if self._exposed is None else self._exposed
        on_screen = scale == self._screen_scale()
        if on_screen and area.width() < whole.width():
            layout = self._drawn_in
        else:
            layout = self.layout_at(scale)
            self._drawn_in = layout if on_screen else self._drawn_in
        for name, t_s, values in self.shown(layout, area.left() - _AROUND_PIXELS, area.right() + _AROUND_PIXELS):
            x, y = self.x_pixels(t_s), self.y_pixels(values)
            pen = QPen(self._pens[name])
            pen.setWidthF(self.line_width)
            if self._growing and pen.style() != Qt.PenStyle.SolidLine and len(x) > layout.points + 1:
                x, y = _parted(x, y, layout.points)
            painter.setPen(pen)
            painter.drawPath(pg.arrayToQPath(x, y, connect="finite"))

    def _expose(self, first: int) -> None:
        """Ask for the painting of each curve from the sample ``first`` on, and of nothing beside it."""
        thinned = self._drawn_in.thinned
        if thinned > 1:
            first = max(0, (first // thinned - 1) * thinned)  # a line leads there from the bin before
        left, right = self.x_pixels(self._t_s[[first, -1]])
        for values in self._curves.values():
            y = self.y_pixels(values[first:])
            top, bottom = np.fmin.reduce(y), np.fmax.reduce(y)
            if top <= bottom:  # not so where no value is known
                strip = QRectF(left, top, right - left, bottom - top)
                self.update(strip.adjusted(-_AROUND_PIXELS, -_AROUND_PIXELS, _AROUND_PIXELS, _AROUND_PIXELS))

    def _cut_otherwise(self) -> bool:
        """Whether samples have become so much denser that what is painted does not fit what comes."""
        return self.layout_at(self._screen_scale()) != self._drawn_in

    def _screen_scale(self) -> float:
        views = self.view.scene().views() if self.view.scene() is not None else ()
        return float(views[0].devicePixelRatioF()) if views else 1.0

    def _within(self, left: float, right: float) -> tuple[int, int]:
        """Samples from the last before ``left`` to the first after ``right``, in pixels."""
        (low, high), width = self.view.viewRange()[0], max(1.0, self.view.rect().width())
        seconds = (high - low) / width
        first, last = np.searchsorted(self._t_s, (low + left * seconds, low + right * seconds))
        return max(0, int(first) - 1), min(len(self._t_s), int(last) + 1)


def _parted(x: Column, y: Column, points: int) -> tuple[Column, Column]:
    """A curve in pieces of ``points``, each beginning where the one before it ends; a NaN between parts them."""
    joints = np.arange(points, len(x) - 1, points)
    places = np.repeat(joints + 1, 2)
    gaps = np.stack([np.full(len(joints), np.nan), y[joints]], axis=1).ravel()
    return np.insert(x, places, np.repeat(x[joints], 2)), np.insert(y, places, gaps)
