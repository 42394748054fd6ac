"""Axes that count as people do: bytes in powers of two, time in seconds, minutes and hours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from slora_core.memory.sizes import format_size

_TIME_STEPS_S: Final = (20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_OVERHANG: Final = 8.0
_PIXELS_PER_SIZE: Final = 44.0
_PIXELS_PER_TIME: Final = 90.0


class _Axis(pg.AxisItem):
    """Keeps the label of a tick at the very end of the axis, which the library drops when it draws a grid.

    Paints directly: playing back the library's QPicture takes over a millisecond a frame, nearly all for text.
    """

    picture: Any

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)

    def boundingRect(self) -> QRectF:
        own: QRectF = super().boundingRect()
        along = _OVERHANG if self.orientation in ("top", "bottom") else 0.0
        return own.adjusted(-along, along - _OVERHANG, along, _OVERHANG - along)

    def paint(self, p: QPainter, opt: object, widget: object) -> None:
        """``picture`` is what the library clears when ticks must be laid out again; here it holds the layout."""
        p.save()
        if self.picture is None:
            p.setFont(self.style["tickFont"] or p.font())
            self.picture = self._inside(self.generateDrawSpecs(p))
        if self.picture is not None:
            self.drawPicture(p, *self.picture)
        p.restore()

    def _inside(self, specs: Any) -> Any:
        """Labels at the right end, or at the top, are moved in where the edge of the plot would cut them."""
        if specs is None:
            return specs
        axis, ticks, texts = specs
        across = self.orientation in ("top", "bottom")
        right = float(self.size().width())
        moved = [
            (
                rect.translated(
                    min(0.0, right - rect.right()) if across else 0.0, 0.0 if across else max(0.0, -rect.top())
                ),
                *rest,
            )
            for rect, *rest in texts
        ]
        return axis, ticks, moved


class BytesAxis(_Axis):
    """Ticks at multiples of a power of two, written with their IEC unit. ``logarithmic`` values are log2 of bytes."""

    def __init__(self, orientation: str, *, logarithmic: bool = False) -> None:
        super().__init__(orientation)
        self._logarithmic = logarithmic
        self._pixels = _PIXELS_PER_SIZE if orientation in ("left", "right") else 80.0

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        return [(size_step(maxVal - minVal, size / self._pixels, self._logarithmic), 0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self._logarithmic:
            return [format_size(round(2**value)) for value in values]
        return [format_size(round(value)) if value else "0" for value in values]


class TimeAxis(_Axis):
    """Seconds since the start as "30 s", "1:30", "5 min" or "1:05:00", as the step and the range ask for."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        return [(time_step(maxVal - minVal, size / _PIXELS_PER_TIME), 0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [time_text(value, spacing) for value in values]


class PlainAxis(_Axis):
    """The library's own ticks; ``text(value, spacing)`` is the label of one."""

    def __init__(self, orientation: str, text: Callable[[float, float], str]) -> None:
        super().__init__(orientation)
        self._text = text

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:
        return super().tickSpacing(minVal, maxVal, size)[:1]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self._text(value, spacing) for value in values]


def seconds_text(value: float, spacing: float) -> str:
    return time_text(value, spacing) if value else "0"


def percent_text(value: float, spacing: float) -> str:
    """0.25 as "25 %", with as many digits as the step needs."""
    return f"{100 * value:.{0 if spacing >= 0.01 else 1}f} %"


def whole_text(value: float, spacing: float) -> str:
    """Whole numbers only: nothing between two tasks."""
    return f"{value:.0f}" if float(value).is_integer() else ""


def size_step(span: float, count: float, logarithmic: bool = False) -> float:
    """A power of two of bytes that divides ``span`` into about ``count``; whole doublings on a logarithmic axis."""
    wanted = span / max(1.5, count)
    if logarithmic:
        return float(max(1, math.ceil(wanted)))
    if wanted <= 0:
        return 1.0
    step = 2 ** max(0, math.ceil(math.log2(wanted)))
    return float(step // 2 if step > span and step > 1 else step)  # a flat panel, too, has a size beside its zero


def time_step(span_s: float, count: float) -> float:
    """A step of 1, 2, 5 x 10^k seconds, or a whole number of minutes or hours, for about ``count`` ticks."""
    wanted = span_s / max(1.5, count)
    if wanted > 10:
        return float(next((step for step in _TIME_STEPS_S if step >= wanted), math.ceil(wanted / 86400) * 86400))
    if wanted <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(wanted))
    return next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= wanted * (1 - 1e-9))


def time_text(t_s: float, step_s: float) -> str:
    """Time of a tick, as exact as ``step_s`` needs."""
    digits = max(0, -math.floor(math.log10(step_s) + 1e-9)) if step_s > 0 else 0
    sign, t_s = ("-", -t_s) if t_s < 0 else ("", t_s)
    if t_s < 120 and step_s < 60:
        return f"{sign}{t_s:.{digits}f} s"
    seconds = f"{t_s % 60:0{3 + digits if digits else 2}.{digits}f}"
    minutes = int(t_s // 60)
    if step_s >= 60 and minutes < 60:
        return f"{sign}{minutes} min" if minutes else "0"
    if step_s >= 60:
        return f"{sign}{minutes // 60} h" + (f" {minutes % 60:02d}" if minutes % 60 else "")
    return f"{sign}{minutes}:{seconds}" if minutes < 60 else f"{sign}{minutes // 60}:{minutes % 60:02d}:{seconds}"
