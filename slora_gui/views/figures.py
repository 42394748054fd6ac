"""Key figures: a few labelled values in a row or grid, as calm text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from slora_gui.views.layout import GRID


class Figures(QWidget):
    """``names`` are keys; captions and values are set by whoever owns the figures."""

    def __init__(self, names: Sequence[str], *, columns: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.captions: dict[str, QLabel] = {}
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(0)
        for index, name in enumerate(names):
            caption, value = QLabel(), QLabel()
            caption.setProperty("role", "muted")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            caption.setBuddy(value)
            line, column = divmod(index, columns)
            grid.addWidget(caption, 3 * line, column)
            grid.addWidget(value, 3 * line + 1, column)
            if line:
                grid.setRowMinimumHeight(3 * line - 1, GRID)
            self.captions[name], self.values[name] = caption, value
        grid.setColumnStretch(columns, 1)

    def set_caption(self, name: str, text: str, tip: str = "") -> None:
        self.captions[name].setText(text)
        self.captions[name].setToolTip(tip)
        self.values[name].setAccessibleName(text)

    def set_value(self, name: str, text: str) -> None:
        if self.values[name].text() != text:
            self.values[name].setText(text)
