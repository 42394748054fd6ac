"""The legend of a chart: a piece of each line and its name, in as many rows as the width needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from slora_gui.report.style import INK, px

_SAMPLE: Final = px(18)
_GAP: Final = px(4)
_BETWEEN: Final = px(14)


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    pen: QPen


class Legend:
    """``entries`` from left to right within ``width`` pixels; a name too long for a row is shortened."""

    def __init__(self, entries: Sequence[Entry], font: QFont, width: float) -> None:
        self._font = font
        self._metrics = QFontMetricsF(font)
        self._placed: list[tuple[QPointF, str, QPen]] = []
        x = y = 0.0
        for entry in entries:
            name = self._metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, width - _SAMPLE - _GAP)
            taken = _SAMPLE + _GAP + self._metrics.horizontalAdvance(name)
            if x and x + taken > width:
                x, y = 0.0, y + self._metrics.height()
            self._placed.append((QPointF(x, y), name, entry.pen))
            x += taken + _BETWEEN
        self.height = y + self._metrics.height()

    def draw(self, painter: QPainter, at: QPointF) -> None:
        painter.setFont(self._font)
        for offset, name, pen in self._placed:
            start = at + offset
            middle = start + QPointF(0, self._metrics.height() / 2)
            painter.setPen(pen)
            painter.drawLine(middle, middle + QPointF(_SAMPLE, 0))
            painter.setPen(INK)
            painter.drawText(start + QPointF(_SAMPLE + _GAP, self._metrics.ascent()), name)
