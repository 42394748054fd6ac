"""The flow of blocks down one page after another; what stands on a page is kept to be drawn at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter

from slora_gui.report.style import FOOTER, MARGIN, px

Draw: TypeAlias = Callable[[QPainter], None]
DrawAt: TypeAlias = Callable[[QPainter, QPointF], None]


class Pages:
    """Places blocks below each other inside the margins of pages of ``size`` pixels."""

    def __init__(self, size: QSizeF) -> None:
        margin = px(MARGIN)
        self.area = QRectF(margin, margin, size.width() - 2 * margin, size.height() - 2 * margin - px(FOOTER))
        self.pages: list[list[Draw]] = [[]]
        self._y = self.area.top()

    @property
    def number(self) -> int:
        """Of the current page, from 1."""
        return len(self.pages)

    @property
    def width(self) -> float:
        return self.area.width()

    @property
    def height(self) -> float:
        return self.area.height()

    def fits(self, height: float) -> bool:
        return self._y + height <= self.area.bottom() + 1

    def at_top(self) -> bool:
        return self._y <= self.area.top()

    def new_page(self) -> None:
        self.pages.append([])
        self._y = self.area.top()

    def make_room(self, height: float) -> None:
        """A new page, unless a block of ``height`` fits on this one or none would hold it."""
        if not self.fits(height) and not self.at_top():
            self.new_page()

    def space(self, height: float) -> None:
        """A gap; none at the top of a page."""
        if not self.at_top():
            self._y += height

    def place(self, height: float, draw: DrawAt) -> None:
        """Put a block of ``height`` here, or on a new page where it does not fit."""
        self.make_room(height)
        at = QPointF(self.area.left(), self._y)
        self.pages[-1].append(lambda painter: draw(painter, at))
        self._y += height
