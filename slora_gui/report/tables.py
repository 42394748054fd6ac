"""Tables across pages: columns as wide as they need, rows never cut, headings repeated on every page.

Laid out here, since QTextDocument breaks a row of several lines at the edge of a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from slora_core.records.tables import TextTable
from slora_gui.report.pages import Pages
from slora_gui.report.style import INK, MUTED, RULE, Style, px
from slora_gui.report.texts import TextBox

_SIZE: Final = 7.2
_GAP: Final = px(8)
_PAD: Final = px(1.9)


def place_table(pages: Pages, table: TextTable, style: Style) -> None:
    """Put ``table`` on the pages; its title and heading stay with its first row."""
    plain, bold = style.font(_SIZE), style.font(_SIZE, bold=True)
    widths = column_widths(table, pages.width, plain, bold)
    heading = _Row(table.columns, table, widths, bold, heading=True)
    limit = max(1, int((pages.height / 3) / QFontMetricsF(plain).height()))
    rows = [part for cells in table.rows for part in _parts(cells, table, widths, plain, limit)]
    title = TextBox(table.title, style.font(8.6, bold=True), pages.width) if table.title else None
    title_height = title.height + px(3) if title else 0.0
    pages.make_room(title_height + heading.height + (rows[0].height if rows else 0.0))
    if title:
        pages.place(title_height, title.draw)
    pages.place(heading.height, heading.draw)
    for row in rows:
        if not pages.fits(row.height):
            pages.new_page()
            pages.place(heading.height, heading.draw)
        pages.place(row.height, row.draw)


def column_widths(table: TextTable, available: float, plain: QFont, bold: QFont) -> list[float]:
    """Pixels of each column, which add up to ``available``.

    A column gets what its widest cell needs; where that is too much, columns of texts give way first, down to their
    longest words, and figures stay on one line.
    """
    body, head = QFontMetricsF(plain), QFontMetricsF(bold)
    needed, least = [], []
    for number, (name, numeric) in enumerate(zip(table.columns, table.numeric, strict=True)):
        cells = [row[number] for row in table.rows]
        needed.append(max([head.horizontalAdvance(name), *(body.horizontalAdvance(cell) for cell in cells)]))
        words = [] if numeric else [word for cell in cells for word in cell.split()]
        least.append(
            max(
                [head.horizontalAdvance(word) for word in name.split() or [""]]
                + [body.horizontalAdvance(text) for text in (cells if numeric else words)]
            )
        )
    room = available - _GAP * (len(needed) - 1)
    least = [min(width, room / 3) for width in least]
    spare, wanted = room - sum(least), sum(needed) - sum(least)
    if spare < 0:
        return [_GAP + width * room / sum(least) for width in least]
    if wanted > spare:
        return [_GAP + low + (high - low) * spare / wanted for low, high in zip(least, needed, strict=True)]
    return [_GAP + width + (room - sum(needed)) / len(needed) for width in needed]


class _Row:
    """One row, laid out: as high as its highest cell."""

    def __init__(
        self, cells: Sequence[str], table: TextTable, widths: Sequence[float], font: QFont, *, heading: bool = False
    ) -> None:
        self._widths = widths
        self._rule = INK if heading else RULE
        self._boxes = [
            TextBox(
                cell,
                font,
                width - _GAP,
                colour=MUTED if heading else INK,
                align=Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft,
            )
            for cell, width, numeric in zip(cells, widths, table.numeric, strict=True)
        ]
        self._heading = heading
        self.height = max(box.height for box in self._boxes) + 2 * _PAD

    @property
    def boxes(self) -> list[TextBox]:
        return self._boxes

    def draw(self, painter: QPainter, at: QPointF) -> None:
        x = at.x()
        bottom = at.y() + self.height
        for box, width in zip(self._boxes, self._widths, strict=True):
            y = bottom - _PAD - box.height if self._heading else at.y() + _PAD
            box.draw(painter, QPointF(x, y))
            x += width
        thickness = px(0.8 if self._heading else 0.4)
        painter.fillRect(QRectF(at.x(), bottom - thickness, x - _GAP - at.x(), thickness), self._rule)


def _parts(cells: Sequence[str], table: TextTable, widths: Sequence[float], font: QFont, limit: int) -> list[_Row]:
    """The row; one of more than ``limit`` lines in as many rows as it takes, so that each fits on a page."""
    row = _Row(cells, table, widths, font)
    lines = [box.lines for box in row.boxes]
    if max(map(len, lines)) <= limit:
        return [row]
    pieces = [["".join(found[first : first + limit]) for first in range(0, len(found), limit)] for found in lines]
    return [_Row(piece, table, widths, font) for piece in zip_longest(*pieces, fillvalue="")]
