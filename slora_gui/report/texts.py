"""Text broken into lines for a width, measured once and drawn where it is put."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextLayout, QTextOption

from slora_gui.report.style import INK


class TextBox:
    """``text`` in lines of at most ``width`` pixels; ``height`` is what they take. Newlines begin a new line."""

    def __init__(
        self,
        text: str,
        font: QFont,
        width: float,
        *,
        colour: QColor = INK,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        self.text = text.replace("\r\n", "\n").replace("\n", "\u2028")
        self._colour = colour
        self._layout = QTextLayout(self.text, font)
        option = QTextOption(align)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        self.height = self._break(width)

    @property
    def lines(self) -> tuple[str, ...]:
        """The text of each line."""
        found = [self._layout.lineAt(number) for number in range(self._layout.lineCount())]
        return tuple(self.text[line.textStart() : line.textStart() + line.textLength()] for line in found)

    def draw(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(self._colour)
        self._layout.draw(painter, at)

    def _break(self, width: float) -> float:
        height = 0.0
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(max(width, 1.0))
            line.setPosition(QPointF(0, height))
            height += line.height()
        self._layout.endLayout()
        return height
