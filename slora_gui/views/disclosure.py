"""A titled section that folds."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from slora_gui.views.layout import GRID, column, row


class Disclosure(QWidget):
    """A button with an arrow, and what it unfolds. The text comes from whoever owns it."""

    def __init__(
        self, content: QWidget, *, lead: QWidget | None = None, unfolded: bool = False, indent: bool = True
    ) -> None:
        """``lead`` stands to the left of the button, in the same line."""
        super().__init__()
        self.content = content
        self.button = QToolButton()
        self.button.setAutoRaise(True)
        self.button.setProperty("role", "fold")
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if lead is None:
            self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.toggled.connect(self._fold)
        layout = column(self, spacing=4)
        layout.addLayout(row(lead, self.button, stretch=0) if lead is not None else row(self.button, stretch=0))
        layout.addWidget(content)
        if lead is not None:
            lead.setMinimumHeight(self.button.sizeHint().height())  # also where there is nothing to unfold
        content.setContentsMargins(2 * GRID if indent else 0, 0, 0, 0)
        self.button.setChecked(unfolded)
        self._fold(unfolded)

    def set_text(self, text: str, tip: str = "") -> None:
        self.button.setText(text)
        self.button.setToolTip(tip)
        self.button.setAccessibleName(text)
        self.content.setAccessibleName(text)

    def set_foldable(self, foldable: bool) -> None:
        """Without it only the lead is there."""
        self.button.setVisible(foldable)
        self.content.setVisible(foldable and self.button.isChecked())

    def _fold(self, unfolded: bool) -> None:
        self.content.setVisible(unfolded)
        self.button.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
