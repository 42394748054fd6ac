"""A line edit for memory sizes as people write them, with the refusal in place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from slora_core.errors import ConfigError
from slora_core.memory.sizes import format_size, parse_size
from slora_gui.i18n import Retranslating
from slora_gui.views.layout import as_sentence, column, set_invalid, wrapping_label


def parse_budget(text: str, unlimited: str = "unlimited") -> int | None:
    """Bytes of ``256MiB``, ``8GB``, ``0.5g``; None for nothing or ``unlimited``. Raises ConfigError."""
    word = text.strip().casefold()
    return None if word in ("", "unlimited", "none", unlimited.casefold()) else parse_size(text)


class SizeEdit(Retranslating, QWidget):
    """Takes a size or "unlimited"; what it refuses it explains underneath and keeps for correction."""

    committed = Signal(object)
    """Bytes, or None for unlimited."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size_bytes: int | None = None
        self.edit = QLineEdit()
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.installEventFilter(self)
        self.edit.editingFinished.connect(self._commit)
        self.refusal = wrapping_label("danger")
        self.refusal.hide()
        layout = column(self, spacing=4)
        layout.addWidget(self.edit)
        layout.addWidget(self.refusal)
        self.setFocusProxy(self.edit)
        self.retranslate()

    def retranslate(self) -> None:
        self.edit.setAccessibleName(self.tr("Memory budget"))
        self.edit.setToolTip(self.tr("A size such as 256MiB, 8GB or 0.5g, or 'unlimited'"))
        self.edit.setPlaceholderText(self.tr("unlimited"))
        self.set_size(self._size_bytes)

    def set_size(self, size_bytes: int | None) -> None:
        """Show a size; a text that is being corrected is replaced only by another size."""
        if size_bytes == self._size_bytes and not self.refusal.isHidden():
            return
        self._size_bytes = size_bytes
        self.edit.setText(self._text(size_bytes))
        self.edit.setModified(False)
        self.refuse("")

    def refuse(self, sentence: str) -> None:
        """Say in place why a size was not taken; "" takes it back."""
        self.refusal.setText(as_sentence(sentence))
        self.refusal.setVisible(bool(sentence))
        set_invalid(self.edit, bool(sentence), sentence)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Escape takes back what was typed."""
        if watched is self.edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and (self.edit.isModified() or not self.refusal.isHidden()):
                self.refuse("")
                self.set_size(self._size_bytes)
                return True
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.edit.selectAll()

    def _text(self, size_bytes: int | None) -> str:
        return self.tr("unlimited") if size_bytes is None else format_size(size_bytes)

    def _commit(self) -> None:
        if not self.edit.isModified():
            return
        try:
            size_bytes = parse_budget(self.edit.text(), self.tr("unlimited"))
        except ConfigError as error:
            self.refuse(error.what)
            return
        self.set_size(size_bytes)
        self.committed.emit(size_bytes)
