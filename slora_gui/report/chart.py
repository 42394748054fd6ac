"""Memory over time as a vector drawing: stage bands, curves, peaks from counters, budget line, axes and legend."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from slora_core.memory.sizes import format_size
from slora_core.report.model import Curve, Figure
from slora_gui.report.legend import Entry, Legend
from slora_gui.report.pages import Pages
from slora_gui.report.scales import round_steps, size_label, size_steps, time_label
from slora_gui.report.style import BANDS, BUDGET, CURVES, DASHES, INK, MUTED, RULE, Style, px
from slora_gui.report.texts import TextBox

CHART_HEIGHT: Final = 172.0
_LEFT: Final = px(38)
_BELOW: Final = px(26)
_ABOVE: Final = px(11)
_FAR: Final = 3.0
"""A budget this many times above everything else is named in the legend alone: its line would flatten the curves."""


def place_figure(pages: Pages, figure: Figure, style: Style) -> None:
    """Title, legend, chart and caption, together on one page."""
    title = TextBox(figure.title, style.font(8.6, bold=True), pages.width)
    legend = Legend(_entries(figure), style.font(7.2), pages.width)
    caption = TextBox(figure.caption, style.font(7.2), pages.width, colour=MUTED) if figure.caption else None
    chart = Chart(figure, pages.width, px(CHART_HEIGHT), style)
    pages.make_room(title.height + legend.height + px(CHART_HEIGHT + 6) + (caption.height if caption else 0.0))
    pages.place(title.height + px(2), title.draw)
    pages.place(legend.height + px(2), legend.draw)
    pages.place(px(CHART_HEIGHT), chart.draw)
    if caption:
        pages.place(caption.height, caption.draw)


class Chart:
    """A figure in ``width`` x ``height`` pixels."""

    def __init__(self, figure: Figure, width: float, height: float, style: Style) -> None:
        self._figure = figure
        self._plot = QRectF(_LEFT, _ABOVE, width - _LEFT - px(4), height - _ABOVE - _BELOW)
        self._font = style.font(6.8)
        self._small = style.font(5.8)
        self._size_ticks, self._unit = size_steps(_highest(figure) * 1.04)
        self._end_s = max(_latest(figure), 1e-9)
        self._time_ticks = [tick for tick in round_steps(self._end_s, 8) if tick <= self._end_s * (1 + 1e-9)]

    def draw(self, painter: QPainter, at: QPointF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(at)
        self._draw_bands(painter)
        self._draw_axes(painter)
        painter.save()
        painter.setClipRect(self._plot.adjusted(-px(1), -px(4), px(1), px(1)))
        for number, curve in enumerate(self._figure.curves):
            self._draw_curve(painter, curve, _pen(number))
        painter.restore()
        self._draw_budget(painter)
        self._draw_peaks(painter)
        painter.restore()

    def _x(self, seconds: float) -> float:
        return self._plot.left() + self._plot.width() * seconds / self._end_s

    def _y(self, size_bytes: float) -> float:
        return self._plot.bottom() - self._plot.height() * size_bytes / self._size_ticks[-1]

    def _draw_bands(self, painter: QPainter) -> None:
        """Named where the name fits; the table of stages has them all."""
        painter.setFont(self._small)
        metrics = QFontMetricsF(self._small)
        for number, band in enumerate(self._figure.bands):
            left, right = self._x(band.start_s), self._x(band.end_s)
            painter.fillRect(QRectF(left, self._plot.top(), right - left, self._plot.height()), BANDS[number % 2])
            parts = band.name.split(".")
            names = (band.name, ".".join(parts[-2:]), parts[-1])
            name = next((n for n in names if metrics.horizontalAdvance(n) + px(2) <= right - left), "")
            if name:
                painter.setPen(MUTED)
                where = QRectF(left, self._plot.top() - _ABOVE, right - left, _ABOVE)
                painter.drawText(where, Qt.AlignmentFlag.AlignCenter, name)

    def _draw_axes(self, painter: QPainter) -> None:
        plot = self._plot
        painter.setFont(self._font)
        line = QFontMetricsF(self._font).height()
        for tick in self._size_ticks:
            y = self._y(tick)
            painter.setPen(QPen(INK if tick == 0 else RULE, px(0.6 if tick == 0 else 0.4)))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(MUTED)
            where = QRectF(0, y - line / 2, _LEFT - px(4), line)
            text = size_label(tick, self._unit) + (f" {self._unit}" if tick == self._size_ticks[-1] else "")
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        for tick in self._time_ticks:
            x = self._x(tick)
            painter.setPen(QPen(INK, px(0.6)))
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + px(2.5)))
            painter.setPen(MUTED)
            where = QRectF(x - px(30), plot.bottom() + px(3), px(60), line)
            painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, time_label(tick))
        where = QRectF(plot.left(), plot.bottom() + px(3) + line, plot.width(), line)
        painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._figure.time_label)

    def _draw_curve(self, painter: QPainter, curve: Curve, pen: QPen) -> None:
        """In one line, broken where a value is not available."""
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        known = ~np.isnan(curve.size_bytes)
        for part in np.split(np.arange(len(known)), np.flatnonzero(np.diff(known)) + 1):
            if len(part) and known[part[0]]:
                points = zip(curve.t_s[part].tolist(), curve.size_bytes[part].tolist(), strict=True)
                painter.drawPolyline(QPolygonF([QPointF(self._x(t), self._y(size)) for t, size in points]))

    def _draw_budget(self, painter: QPainter) -> None:
        budget = self._figure.budget_bytes
        if budget is None or budget > self._size_ticks[-1]:
            return
        y = self._y(budget)
        painter.setPen(budget_pen())
        painter.drawLine(QPointF(self._plot.left(), y), QPointF(self._plot.right(), y))

    def _draw_peaks(self, painter: QPainter) -> None:
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        for peak in self._figure.peaks:
            x, y = self._x(peak.t_s), self._y(peak.size_bytes)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(INK if peak.text or not self._figure.bands else MUTED)
            half = px(2.4 if peak.text or not self._figure.bands else 1.6)
            tip = QPointF(x, y - px(0.6))
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-half, -1.6 * half), tip + QPointF(half, -1.6 * half)]))
            if peak.text:
                width = metrics.horizontalAdvance(peak.text)
                beside = x + px(5) if x + px(5) + width < self._plot.right() else x - px(5) - width
                painter.setPen(INK)
                painter.drawText(QPointF(beside, max(y - px(1.5), self._plot.top() + metrics.ascent())), peak.text)


def budget_pen() -> QPen:
    return QPen(BUDGET, px(0.9), Qt.PenStyle.DashLine)


def _pen(number: int) -> QPen:
    dash = DASHES[(number // len(CURVES) + number) % len(DASHES)]
    pen = QPen(CURVES[number % len(CURVES)], px(0.8), dash)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _entries(figure: Figure) -> list[Entry]:
    entries = [Entry(curve.name, _pen(number)) for number, curve in enumerate(figure.curves)]
    if figure.budget_bytes is not None:
        outside = " \u2191" if figure.budget_bytes > _FAR * _highest_measured(figure) else ""
        entries.append(Entry(f"{figure.budget_label} {format_size(figure.budget_bytes)}{outside}", budget_pen()))
    return entries


def _highest_measured(figure: Figure) -> float:
    curves = [float(np.nanmax(curve.size_bytes)) for curve in figure.curves if not np.isnan(curve.size_bytes).all()]
    return max([*curves, *(peak.size_bytes for peak in figure.peaks), 1.0])


def _highest(figure: Figure) -> float:
    """What the axis must reach: curves, peaks, and a budget that is not far above them."""
    measured = _highest_measured(figure)
    budget = figure.budget_bytes or 0
    return max(measured, budget) if budget <= _FAR * measured else measured


def _latest(figure: Figure) -> float:
    ends = [float(curve.t_s[-1]) for curve in figure.curves if len(curve.t_s)]
    return max([*ends, *(band.end_s for band in figure.bands), 0.0])
