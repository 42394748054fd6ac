"""The history: searched, deleted from and noted in, every change undoable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.errors import SloraError
from slora_gui.control.dialogs import Dialogs
from slora_gui.model.run_model import RunModel
from slora_gui.views.history_view import HistoryView

if TYPE_CHECKING:
    from slora_gui.composition import Models
    from slora_gui.main_window import MainWindow


class HistoryDesk(QObject):
    """``failed`` carries the exception of a note that could not be written."""

    failed = Signal(object)

    def __init__(
        self, models: Models, view: HistoryView, dialogs: Dialogs, window: MainWindow, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._models, self._view, self._dialogs, self._window = models, view, dialogs, window
        view.delete_requested.connect(self._delete)
        view.note_changed.connect(self._note_row)

    def search(self) -> None:
        self._window.show_dock("history")
        self._view.search.setFocus()
        self._view.search.selectAll()

    def note(self, run: RunModel | None) -> None:
        """Ask for the note of the run on show; in the history it can be undone."""
        if run is None or run.path is None or (text := self._dialogs.note(run.note)) is None:
            return
        row = self._models.history.row_of(run.path)
        if row is not None:
            self._note_row(row, text)
        try:
            run.set_note(text)
        except SloraError as error:
            self.failed.emit(error)

    @Slot(object)
    def _delete(self, rows: Sequence[int]) -> None:
        self._models.history.delete(rows, self._models.job.undo_stack)

    @Slot(int, str)
    def _note_row(self, row: int, text: str) -> None:
        self._models.history.set_note(row, text, self._models.job.undo_stack)
