"""Past runs: searched, annotated, opened again, compared and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QSplitter, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.data_table import DataTable
from slora_gui.views.layout import MARGIN, column, row, wrapping_label

if TYPE_CHECKING:
    from slora_gui.model.history_model import HistoryModel


class NoteEdit(QPlainTextEdit):
    """Commits when it is left; Escape takes back what was typed."""

    committed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._note = ""
        self.setTabChangesFocus(True)

    def set_note(self, note: str) -> None:
        self._note = note
        self.setPlainText(note)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.set_note(self._note)
        else:
            super().keyPressEvent(event)

    def commit(self) -> None:
        text = self.toPlainText()
        if text != self._note and self.isEnabled():
            self._note = text
            self.committed.emit(text)


class HistoryView(Retranslating, QWidget):
    """The table of runs with a search field above and the note of the selected run beside."""

    open_requested = Signal(object)
    """Path of a run."""
    compare_requested = Signal(object)
    """Paths of two or more runs, the base first."""
    delete_requested = Signal(object)
    """Rows of the model."""
    note_changed = Signal(int, str)

    def __init__(self, history: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._noted: object = None
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(history.set_filter)
        self.table = DataTable()
        self.table.setSelectionMode(DataTable.SelectionMode.ExtendedSelection)
        self.table.show_model(history)
        self.note = NoteEdit()
        self._note_label = QLabel()
        self._note_label.setBuddy(self.note)
        self._line = wrapping_label("muted")
        names = ("open", "compare", "delete")
        self.buttons = {name: QPushButton() for name in names}
        for name, button in self.buttons.items():
            button.setIcon(icon(name))
        self._arrange()
        self.search.returnPressed.connect(self.table.setFocus)
        self.table.row_activated.connect(self._open_row)
        self.table.selection_changed.connect(self._show_selection)
        self.note.committed.connect(self._commit_note)
        self.buttons["open"].clicked.connect(self._open)
        self.buttons["compare"].clicked.connect(self._compare)
        self.buttons["delete"].clicked.connect(self._delete)
        history.modelReset.connect(self._show_selection)
        history.dataChanged.connect(self._show_selection)
        self.retranslate()

    def retranslate(self) -> None:
        self.search.setPlaceholderText(self.tr("Search name, source, operators, status, date, note..."))
        self.search.setAccessibleName(self.tr("Search the history"))
        self.table.setAccessibleName(self.tr("Past runs"))
        self._note_label.setText(self.tr("Note"))
        self.note.setPlaceholderText(self.tr("A note on the selected run"))
        self.note.setAccessibleName(self.tr("Note"))
        texts = {
            "open": (self.tr("Open"), self.tr("Shows the run as it was (Enter)")),
            "compare": (self.tr("Compare"), self.tr("Compares the selected runs; the first is the base")),
            "delete": (self.tr("Delete"), self.tr("Moves the selected runs to the trash; can be undone (Del)")),
        }
        for name, (text, tip) in texts.items():
            self.buttons[name].setText(text)
            self.buttons[name].setToolTip(tip)
        self._show_selection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete) and self.table.selected_rows():
            self._delete()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        lower = QWidget()
        inner = column(lower)
        inner.addWidget(self._note_label)
        inner.addWidget(self.note, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(0, 4)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([640, 200])
        self.splitter.setChildrenCollapsible(False)
        layout = column(self, margin=MARGIN)
        layout.addLayout(row(self.search, *self.buttons.values(), stretch=0))
        layout.addWidget(self._line)
        layout.addWidget(self.splitter, 1)

    def _show_selection(self) -> None:
        rows = self.table.selected_rows()
        readable = [row for row in rows if self._history.header(row).status != "unreadable"]
        self.buttons["open"].setEnabled(len(readable) == 1)
        self.buttons["compare"].setEnabled(len(readable) >= 2)
        self.buttons["delete"].setEnabled(bool(rows))
        header = self._history.header(rows[0]) if len(rows) == 1 else None
        if self._noted is not None and (header is None or header.path != self._noted):
            self.note.commit()  # what was typed belongs to the run that is being left
        self.note.setEnabled(header is not None and not header.problem)
        if header is None or header.path != self._noted or not self.note.hasFocus():
            self.note.set_note(header.note if header is not None else "")
        self._noted = header.path if header is not None else None
        empty = self._history.rowCount() == 0
        nothing = self.tr("No run matches.") if self.search.text() else self.tr("No runs yet. Every run is kept here.")
        problem = header.problem if header is not None else ""
        self._line.setText(nothing if empty else problem)
        self._line.setVisible(bool(self._line.text()))

    def _commit_note(self, text: str) -> None:
        rows = [row for row in range(self._history.rowCount()) if self._history.header(row).path == self._noted]
        if rows:
            self.note_changed.emit(rows[0], text)

    def _open_row(self, row_index: int) -> None:
        header = self._history.header(row_index)
        if header.status != "unreadable":
            self.open_requested.emit(header.path)

    def _open(self) -> None:
        for row_index in self.table.selected_rows()[:1]:
            self._open_row(row_index)

    def _compare(self) -> None:
        headers = [self._history.header(row) for row in self.table.selected_rows()]
        self.compare_requested.emit([header.path for header in headers if header.status != "unreadable"])

    def _delete(self) -> None:
        self.delete_requested.emit(self.table.selected_rows())
