"""Composes a report into pages: title, summary, contents, sections, footers."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from slora_core.records.tables import TextTable
from slora_core.report.model import Block, Figure, Listing, Paragraph, Report
from slora_gui.report.chart import CHART_HEIGHT, place_figure
from slora_gui.report.pages import Draw, Pages
from slora_gui.report.style import ACCENT, INK, MARGIN, MUTED, RULE, Style, px
from slora_gui.report.tables import place_table
from slora_gui.report.texts import TextBox

_BETWEEN: Final = px(11)


def compose(report: Report, size: QSizeF, style: Style) -> list[list[Draw]]:
    """What to draw on each page of ``size`` pixels, in order."""
    pages = Pages(size)
    _place_title(pages, report, style)
    for block in report.summary:
        if isinstance(block, TextTable):
            pages.space(px(4))
        _place(pages, block, style)
    found: list[int] = []
    _place_contents(pages, report, found, style)
    for number, section in enumerate(report.sections):
        _place_section_title(pages, section.title, style, fresh=number == 0)
        found.append(pages.number)
        for block in section.blocks:
            _place(pages, block, style)
    for number, page in enumerate(pages.pages, start=1):
        text = report.page_label.format(page=number, pages=len(pages.pages))
        page.append(partial(_draw_footer, size=size, left=report.subtitle, right=text, style=style))
    return pages.pages


def _place(pages: Pages, block: Block, style: Style) -> None:
    match block:
        case Paragraph():
            _place_paragraph(pages, block, style)
        case TextTable():
            place_table(pages, block, style)
        case Figure():
            place_figure(pages, block, style)
        case Listing():
            font = style.monospaced(7.2)
            for line in block.lines:
                box = TextBox(line, font, pages.width)
                pages.place(box.height, box.draw)
    pages.space(px(4) if isinstance(block, Paragraph) and block.kind != "small" else _BETWEEN)


def _place_paragraph(pages: Pages, block: Paragraph, style: Style) -> None:
    size = {"lead": 10.0, "text": 8.4, "small": 7.2, "heading": 8.6}[block.kind]
    font = style.font(size, bold=block.kind == "heading")
    box = TextBox(block.text, font, pages.width, colour=MUTED if block.kind == "small" else INK)
    if block.kind == "heading":
        pages.make_room(box.height + px(30))
    pages.place(box.height, box.draw)


def _place_title(pages: Pages, report: Report, style: Style) -> None:
    title = TextBox(report.title, style.font(17, bold=True), pages.width)
    subtitle = TextBox(report.subtitle, style.font(8.4), pages.width, colour=MUTED)
    pages.place(title.height + px(2), title.draw)
    pages.place(subtitle.height + px(10), subtitle.draw)


def _place_section_title(pages: Pages, text: str, style: Style, *, fresh: bool) -> None:
    """A heading with room for something below it; the first section leaves the summary its page."""
    title = TextBox(text, style.font(13, bold=True), pages.width, colour=ACCENT)
    pages.space(px(6))
    if fresh and pages.number == 1:
        pages.new_page()
    pages.make_room(title.height + px(CHART_HEIGHT / 2))
    pages.place(title.height + px(6), title.draw)


def _place_contents(pages: Pages, report: Report, found: list[int], style: Style) -> None:
    """The list of sections; their pages are in ``found`` by the time it is drawn."""
    title = TextBox(report.contents_title, style.font(8.6, bold=True), pages.width)
    line = QFontMetricsF(style.font(8)).height() + px(2.4)
    height = title.height + px(3) + line * len(report.sections)
    width = pages.width

    def draw(painter: QPainter, at: QPointF) -> None:
        title.draw(painter, at)
        painter.setFont(style.font(8))
        metrics = QFontMetricsF(painter.font())
        for number, (section, page) in enumerate(zip(report.sections, found, strict=True)):
            row = QRectF(at.x(), at.y() + title.height + px(3) + number * line, width, line)
            painter.setPen(INK)
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, section.title)
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(page))
            left = row.left() + metrics.horizontalAdvance(section.title) + px(5)
            right = row.right() - metrics.horizontalAdvance(str(page)) - px(5)
            painter.fillRect(QRectF(left, row.bottom() - px(3.5), right - left, px(0.4)), RULE)

    pages.place(height, draw)


def _draw_footer(painter: QPainter, size: QSizeF, left: str, right: str, style: Style) -> None:
    margin = px(MARGIN)
    row = QRectF(margin, size.height() - margin - px(10), size.width() - 2 * margin, px(12))
    painter.fillRect(QRectF(row.left(), row.top() - px(2), row.width(), px(0.4)), RULE)
    painter.setFont(style.font(7))
    painter.setPen(MUTED)
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, left)
    painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
