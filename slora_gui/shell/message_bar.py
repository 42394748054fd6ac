"""A line above the page that tells what has happened without standing in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from slora_gui import theme
from slora_gui.i18n import Retranslating

_ICONS: Final = {
    "good": ("good", "good"),
    "info": ("info", "accent"),
    "warning": ("warning", "warning"),
    "danger": ("error", "danger"),
}

_PASSING: Final = ("good", "info")


@dataclass(frozen=True, slots=True)
class Message:
    """``level`` is good, info, warning or danger; ``button`` names what ``act`` does, "" for none."""

    text: str
    level: str = "info"
    button: str = ""
    act: Callable[[], object] | None = None


class MessageBar(Retranslating, QFrame):
    """Shows one message until it is dismissed or another comes; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message: Message | None = None
        self.setProperty("role", "bar")
        self._picture = QToolButton()
        self._picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture.setAutoRaise(True)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.button.clicked.connect(self._act)
        self.close_button = QToolButton()
        self.close_button.setIcon(theme.icon("close"))
        self.close_button.setAutoRaise(True)
        self.close_button.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(self._picture)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.button)
        layout.addWidget(self.close_button)
        self.hide()
        self.retranslate()

    def tell(self, message: Message) -> None:
        self.message = message
        self.label.setText(message.text)
        self._picture.setIcon(theme.icon(*_ICONS[message.level]))
        self.setProperty("level", message.level)
        self.style().unpolish(self)
        self.style().polish(self)
        self.button.setText(message.button)
        self.button.setVisible(bool(message.button))
        self.setAccessibleName(message.text)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def dismiss(self) -> None:
        self.message = None
        self.hide()

    def retranslate(self) -> None:
        """What was told in another language goes, unless something is wrong."""
        if self.message is not None and self.message.level in _PASSING:
            self.dismiss()
        self.close_button.setAccessibleName(self.tr("Dismiss"))
        self.close_button.setToolTip(self.tr("Dismiss this message"))

    def _act(self) -> None:
        """What is good news has been followed then; what is wrong stays until it is dismissed."""
        message = self.message
        if message is None or message.act is None:
            return
        message.act()
        if message.level in _PASSING and self.message is message:
            self.dismiss()
