"""A path that is typed, dropped or looked for, with what the file holds or why it is refused underneath."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from slora_gui.views.layout import as_sentence, column, row, set_drop, set_invalid, set_role, wrapping_label


class FileField(QWidget):
    """One file or folder of a source. It keeps no path of its own: :meth:`show_path` says what to show."""

    path_entered = Signal(str)
    """What was typed or dropped; "" when the field was emptied."""
    browse_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.edit = QLineEdit()
        self.edit.setAcceptDrops(False)  # the field as a whole takes them
        self.edit.editingFinished.connect(self._typed)
        self.browse = QToolButton()
        self.browse.setText("...")
        self.browse.clicked.connect(self.browse_requested)
        self.line = wrapping_label("muted")
        self.line.hide()
        layout = column(self, spacing=4)
        layout.addLayout(row(self.edit, self.browse, stretch=0))
        layout.addWidget(self.line)
        self.setFocusProxy(self.edit)

    def set_texts(self, name: str, tip: str, browse: str) -> None:
        self.edit.setAccessibleName(name)
        self.edit.setToolTip(tip)
        self.edit.setPlaceholderText(tip)
        self.browse.setAccessibleName(browse)
        self.browse.setToolTip(browse)

    def show_path(self, path: str) -> None:
        if self.edit.text() != path:
            self.edit.setText(path)
            self.edit.setCursorPosition(len(path))
        self.edit.setModified(False)
        self.edit.setToolTip(path or self.edit.placeholderText())

    def show_facts(self, text: str) -> None:
        self._show(text, False)

    def refuse(self, sentence: str) -> None:
        self._show(as_sentence(sentence), bool(sentence))

    def _show(self, text: str, refused: bool) -> None:
        self.line.setText(text)
        self.line.setVisible(bool(text))
        set_role(self.line, "danger" if refused else "muted")
        set_invalid(self.edit, refused, text)

    def _typed(self) -> None:
        if self.edit.isModified():
            self.edit.setModified(False)
            self.path_entered.emit(self.edit.text().strip())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            set_drop(self.edit, True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_drop(self.edit, False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        set_drop(self.edit, False)
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.show_path(paths[0])
            self.path_entered.emit(paths[0])


def dropped_paths(mime: QMimeData) -> list[str]:
    """Local files and folders of a drag."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []
