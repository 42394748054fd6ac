"""Colours and pens of plots: safe for colour-blind readers, and told apart by dashes as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPen

DASHES: Final[tuple[tuple[float, ...], ...]] = ((), (7, 4), (9, 3, 2, 3), (2, 3), (), (5, 3))
_LIGHT_CURVES: Final = ("#1f5fc4", "#b35900", "#5b1f80", "#3f4856", "#006650", "#e0447e")
_DARK_CURVES: Final = ("#78aefc", "#f0a04b", "#8f5fe8", "#8b94a3", "#7fe3c9", "#d9467f")


@dataclass(frozen=True, slots=True)
class CurveStyle:
    """``dash`` are lengths of strokes and gaps in pen widths; () is a solid line."""

    color: str
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PlotTheme:
    """Colours are ``#rrggbb``. ``curves`` are for allocated, reserved, process, device, RSS and tensor RAM."""

    background: str
    foreground: str
    grid: str
    accent: str
    band_even: str
    band_odd: str
    budget: str
    curves: tuple[CurveStyle, ...]

    def series(self, index: int) -> CurveStyle:
        """Style of series ``index`` of a plot of any number of series: neighbours differ in colour and in dash."""
        order = (0, 1, 4, 5, 2, 3)
        color = self.curves[order[index % len(order)]].color
        return CurveStyle(color, DASHES[(index + index // len(order)) % 4])


def plot_theme(colors: Mapping[str, str], dark: bool) -> PlotTheme:
    """From a window theme's ``surface``, ``text``, ``border``, ``accent`` and ``danger``."""
    curves = (colors["accent"], *(_DARK_CURVES if dark else _LIGHT_CURVES)[1:])
    return PlotTheme(
        background=colors["surface"],
        foreground=colors["text"],
        grid=colors["border"],
        accent=colors["accent"],
        band_even=colors["surface"],
        band_odd=blend(colors["surface"], colors["text"], 0.045),
        budget=colors["danger"],
        curves=tuple(CurveStyle(color, dash) for color, dash in zip(curves, DASHES, strict=True)),
    )


def blend(below: str, above: str, amount: float) -> str:
    """``above`` laid over ``below`` with an opacity of ``amount`` in 0..1."""
    a, b = QColor(below), QColor(above)
    pairs = (a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue())
    return QColor(*(round(x + (y - x) * amount) for x, y in pairs)).name()


LIGHT: Final = plot_theme(
    {"surface": "#ffffff", "text": "#1a2230", "border": "#cfd6e0", "accent": "#1f5fc4", "danger": "#b3261e"}, False
)


def curve_pen(style: CurveStyle, width: float = 1.0) -> QPen:
    """A cosmetic pen. Width 1 is by far the fastest: wider ones cost 7 to 14 times more on long curves."""
    pen: QPen = pg.mkPen(style.color, width=width)
    if style.dash:
        pen.setDashPattern(list(style.dash))
    return pen


@cache
def line_pen(color: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen: QPen = pg.mkPen(color, width=width, style=style)
    return pen


def fill(color: str, opacity: float = 1.0) -> QBrush:
    tint = QColor(color)
    tint.setAlphaF(opacity)
    return QBrush(tint)


def tabular(font: QFont, scale: float = 1.0) -> QFont:
    """``font`` with figures of equal width, ``scale`` times as large."""
    figures = QFont(font)
    figures.setFeature(QFont.Tag("tnum"), 1)
    if scale != 1.0:
        figures.setPointSizeF(font.pointSizeF() * scale)
    return figures
