"""The processes of a shared run behind the curves of a panel: bands, a line each, the slowest dashed and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from slora_gui.plots.overlay import Overlay
from slora_gui.plots.style import blend, fill, line_pen

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel
    from slora_gui.plots.memory_panel import MemoryPanel

Curve: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Times [n] in seconds, ascending, and bytes [n]; NaN is not available."""
_MOST_LINES: Final = 8
"""In a panel, beside those of the slowest."""
_BIN_PIXELS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Binned:
    """The curves of all ranks in stretches of time: extremes by rank [ranks, n], NaN where a rank has none."""

    t_s: NDArray[np.float64]
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]


def binned(curves: Mapping[int, Curve], start_s: float, end_s: float, bins: int) -> Binned:
    """Extremes of each curve in ``bins`` equal stretches; between its samples the last one holds."""
    edges = np.linspace(start_s, end_s, bins + 1)
    found = [_extremes(*curve, edges) for curve in curves.values()]
    return Binned((edges[:-1] + edges[1:]) / 2, np.array([low for low, _ in found]), np.array([up for _, up in found]))


class RankCurves(Overlay):
    """Drawn into ``panel`` when a run has several processes: every counter whose key is on.

    :meth:`refresh` takes over what is new. ``curves`` are by counter, then by rank.
    """

    def __init__(self, panel: MemoryPanel) -> None:
        super().__init__(panel.view, z=-10)
        self._panel = panel
        self._run: RunModel | None = None
        self.curves: dict[str, dict[int, Curve]] = {}
        self.slowest: int | None = None
        panel.extra_top = self.top_of
        panel.visibility_changed.connect(self.refresh)

    def set_run(self, run: RunModel | None) -> None:
        self._run = run
        self.refresh()

    def refresh(self) -> None:
        run = self._run
        self.curves, self.slowest = {}, None
        if run is not None and len(run.ranks) > 1:
            stores = {rank: store for rank in run.ranks if len(store := run.samples_of(rank))}
            for name in self._panel.shown_counters if len(stores) > 1 else ():
                known = {rank: (store.t_s, store.counter(name)) for rank, store in stores.items() if store.has(name)}
                if len(known) > 1:
                    self.curves[name] = known
            self.slowest = run.slowest_rank
        self.setVisible(bool(self.curves))
        self.redraw()

    def top_of(self, start_s: float, end_s: float) -> float:
        """Largest value in bytes of any process between two times; 0 where nothing is shown."""
        top = 0.0
        for t_s, values in (curve for curves in self.curves.values() for curve in curves.values()):
            first, last = np.searchsorted(t_s, (start_s, end_s))
            top = float(np.fmax.reduce(values[max(0, int(first) - 1) : int(last) + 1], initial=top))
        return top

    def draw(self, painter: QPainter) -> None:
        (start_s, end_s), width = self.view.viewRange()[0], self.view.rect().width()
        if not end_s > start_s or width < _BIN_PIXELS:
            return
        named = False
        for name, curves in self.curves.items():
            found = binned(curves, start_s, end_s, int(width / _BIN_PIXELS))
            color = self.theme.curves[self._panel.style_of(name)].color
            highs = dict(zip(curves, found.highs, strict=True))
            x = self.x_pixels(found.t_s)
            self._paint_band(painter, x, found, color)
            painter.setPen(line_pen(blend(self.theme.background, color, 0.45), 1.0))
            others = [rank for rank in highs if rank not in (0, self.slowest)]
            for rank in others[: _MOST_LINES // len(self.curves)]:
                self._paint_line(painter, x, highs[rank])
            if self.slowest in highs:
                painter.setPen(line_pen(color, 1.5, Qt.PenStyle.DashLine))
                self._paint_line(painter, x, highs[self.slowest])
                named = named or self._paint_name(painter, x, highs[self.slowest], color)

    def _paint_band(self, painter: QPainter, x: NDArray[np.float64], found: Binned, color: str) -> None:
        lowest, highest = np.fmin.reduce(found.lows, axis=0), np.fmax.reduce(found.highs, axis=0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill(color, 0.16))
        for part in _known(highest):
            forth = _points(x[part], self.y_pixels(highest[part]))
            back = _points(x[part][::-1], self.y_pixels(lowest[part][::-1]))
            painter.drawPolygon(QPolygonF(forth + back))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_line(self, painter: QPainter, x: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        for part in _known(values):
            painter.drawPolyline(QPolygonF(_points(x[part], self.y_pixels(values[part]))))

    def _paint_name(self, painter: QPainter, x: NDArray[np.float64], values: NDArray[np.float64], color: str) -> bool:
        """Beside the peak in view; whether there is one."""
        if np.isnan(values).all():
            return False
        peak = int(np.nanargmax(values))
        text = QCoreApplication.translate("RankCurves", "slowest: process {rank}").format(rank=self.slowest)
        self.paint_chip(painter, QPointF(float(x[peak]) + 8, float(self.y_pixels(values[peak])) + 6), text, color)
        return True


def _extremes(
    t_s: NDArray[np.float64], values: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest value in force in each stretch."""
    at = np.searchsorted(t_s, edges, side="right")
    first = np.maximum(at[:-1] - 1, 0)
    bounds = np.stack([first, np.maximum(at[1:], first + 1)], axis=1).reshape(-1)
    padded = np.append(values, np.nan)
    none = (at[1:] == 0) | (edges[:-1] > t_s[-1])
    low, high = (np.where(none, np.nan, pick.reduceat(padded, bounds)[::2]) for pick in (np.fmin, np.fmax))
    return low, high


def _known(values: NDArray[np.float64]) -> list[slice]:
    """The stretches without NaN."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~np.isnan(values), [False]]).astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[QPointF]:
    return [QPointF(*place) for place in zip(x.tolist(), y.tolist(), strict=True)]
