"""One vertical line through all panels, with a dot on every curve that has a value there."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from slora_gui.plots.overlay import Overlay
from slora_gui.plots.style import blend, line_pen


class Crosshair(Overlay):
    """Hidden until :meth:`move`; ``text`` is written at the foot of the line where it is not empty."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view, z=50)
        self._t_s = 0.0
        self._dots: tuple[tuple[float, str], ...] = ()
        self._text = ""
        self.setVisible(False)

    def move(self, t_s: float, dots: Sequence[tuple[float, str]], text: str = "") -> None:
        """To ``t_s``, with ``dots`` of (value, colour)."""
        self.update(self._strip())
        self._t_s, self._dots, self._text = t_s, tuple(dots), text
        self.setVisible(True)
        self.update(self._strip())

    def draw(self, painter: QPainter) -> None:
        rect, x = self.boundingRect(), round(float(self.x_pixels(self._t_s)))
        if not 0 <= x <= rect.width():
            return
        painter.setPen(line_pen(blend(self.theme.background, self.theme.foreground, 0.6)))
        painter.drawLine(x, round(rect.top()), x, round(rect.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for value, color in self._dots:
            painter.setPen(line_pen(self.theme.background, 1.5))
            painter.setBrush(QColor(color))
            painter.drawEllipse(QPointF(x, float(self.y_pixels(value))), 4, 4)
        if self._text:
            size = self.chip_size(self._text)
            fits = x + 8 + size.width() < rect.width()
            at = QPointF(x + 8 if fits else x - 8 - size.width(), rect.bottom() - size.height() - 4)
            self.paint_chip(painter, at, self._text, self.theme.foreground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _strip(self) -> QRectF:
        """What the line, its dots and its text cover."""
        x, rect = float(self.x_pixels(self._t_s)), self.boundingRect()
        reach = 12 + (self.chip_size(self._text).width() + 8 if self._text else 0)
        return QRectF(x - reach, rect.top(), 2 * reach, rect.height())
