"""The past runs as a table: searched, annotated, deleted and restored, every change undoable."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from slora_core.errors import SloraError
from slora_core.records.header import RunHeader
from slora_core.records.history import History, matches
from slora_core.records.run_file import RunFile
from slora_core.wording import by_count
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.lists import listed
from slora_gui.model.rows_table import AnyIndex, Column, RowsTable
from slora_gui.model.stage_texts import stage_text
from slora_gui.model.tables import seconds_column, size_column
from slora_gui.model.texts import budget_text, engine_text, moment_s, moment_text, source_text


def _status_text(run: RunHeader) -> str:
    translate = QCoreApplication.translate
    texts = {
        "finished": translate("History", "finished"),
        "failed": translate("History", "failed"),
        "cancelled": translate("History", "cancelled"),
        "interrupted": translate("History", "interrupted"),
        "running": translate("History", "running"),
        "unreadable": translate("History", "unreadable"),
    }
    return texts.get(run.status, run.status)


_COLUMNS: Final[tuple[Column[RunHeader], ...]] = (
    Column(
        QT_TRANSLATE_NOOP("Tables", "started"),
        lambda run: moment_s(run.started_at),
        lambda r: moment_text(r.started_at),
    ),
    Column(QT_TRANSLATE_NOOP("Tables", "run"), lambda run: run.path.stem, lambda run: run.path.stem),
    Column(QT_TRANSLATE_NOOP("Tables", "status"), lambda run: run.status, _status_text),
    Column(QT_TRANSLATE_NOOP("Tables", "engine"), lambda run: run.engine, lambda run: engine_text(run.engine)),
    Column(QT_TRANSLATE_NOOP("Tables", "source"), lambda run: run.source, lambda run: source_text(run.source)),
    Column(
        QT_TRANSLATE_NOOP("Tables", "operators"),
        lambda run: run.operators,
        lambda run: listed(map(stage_text, run.operators.split(", "))),
    ),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "time"), "seconds"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak allocated"), "peak_allocated_bytes"),
    Column(
        QT_TRANSLATE_NOOP("Tables", "budget"),
        lambda run: run.budget_bytes,
        lambda run: budget_text(run.budget_bytes),
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("Tables", "note"), lambda run: run.problem or run.note, lambda run: run.problem or run.note
    ),
)


class HistoryModel(RowsTable[RunHeader]):
    """Runs of a history, newest first. ``failed`` carries the SloraError for which a change of a run could not be made.

    A file that cannot be read is a row with its problem.
    """

    failed = Signal(object)

    def __init__(self, history: History | None = None, parent: QObject | None = None) -> None:
        super().__init__(_COLUMNS, parent)
        self._history = history or History()
        self._all: list[RunHeader] = []
        self._filter = ""
        self._names: dict[Path, Path] = {}

    @property
    def history(self) -> History:
        return self._history

    @property
    def total(self) -> int:
        """Runs in the history, whether or not the filter shows them."""
        return len(self._all)

    def refresh(self) -> None:
        """Read the headers of all runs."""
        self._all = self._history.list_runs()
        self._show()

    def set_filter(self, text: str) -> None:
        """Show the runs in which every word of ``text`` occurs, as it is recorded or as it is shown."""
        self._filter = text
        self._show()

    def header(self, row: int) -> RunHeader:
        """The run in a row of this model. Raises IndexError."""
        return self.item(row)

    def row_of(self, path: Path) -> int | None:
        """The row that shows the run file ``path``."""
        return next((number for number, run in enumerate(self.rows) if run.path == path), None)

    def delete(self, rows: Iterable[int], undo_stack: QUndoStack) -> None:
        """Move runs to the trash; undoing brings them back."""
        paths = [self.header(row).path for row in rows]
        if count := len(paths):
            text = by_count(
                count,
                QCoreApplication.translate("History", "Delete 1 run"),
                QCoreApplication.translate("History", "Delete {count} runs"),
            )
            undo_stack.push(_Delete(self, paths, text.format(count=count)))

    def set_note(self, row: int, text: str, undo_stack: QUndoStack) -> None:
        """Write a note into the file of a run."""
        run = self.header(row)
        if run.note != text:
            title = QCoreApplication.translate("History", "Note on {run}").format(run=run.path.stem)
            undo_stack.push(_Note(self, run.path, run.note, text, title))

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.ToolTipRole and index.isValid():
            run = self.item(index.row())
            return run.problem or run.note or str(run.path)
        return super().data(index, role)

    def _show(self) -> None:
        shown = [run for run in self._all if all(_occurs(word, run) for word in self._filter.split())]
        if [run.path for run in shown] == [run.path for run in self.rows]:
            self.set_rows(shown)
        else:
            self.set_columns(_COLUMNS, shown)

    def _current(self, path: Path) -> Path:
        """Where a run is that was called ``path`` when a command was made."""
        return self._names.get(path, path)


def _occurs(word: str, run: RunHeader) -> bool:
    return matches(run, word) or any(word.casefold() in column.text(run).casefold() for column in _COLUMNS)


class _HistoryCommand(QUndoCommand):
    """A change of the history; one that fails is told of and leaves the undo stack."""

    def __init__(self, model: HistoryModel, text: str) -> None:
        super().__init__(text)
        self._model = model

    def redo(self) -> None:
        self._attempt(forward=True)

    def undo(self) -> None:
        self._attempt(forward=False)

    def _attempt(self, *, forward: bool) -> None:
        try:
            self._change(forward=forward)
        except SloraError as error:
            self.setObsolete(True)
            self._model.failed.emit(error)
        self._model.refresh()

    def _change(self, *, forward: bool) -> None:
        raise NotImplementedError


class _Delete(_HistoryCommand):
    """All of the runs, or none where one cannot be deleted."""

    def __init__(self, model: HistoryModel, paths: list[Path], text: str) -> None:
        super().__init__(model, text)
        self._paths = paths
        self._trashed: dict[Path, Path] = {}

    def _change(self, *, forward: bool) -> None:
        if not forward:
            self._restore()
            return
        try:
            for path in self._paths:
                self._trashed[path] = self._model.history.delete(self._model._current(path))
        except SloraError:
            self._restore()
            raise

    def _restore(self) -> None:
        for path in list(self._trashed):
            self._model._names[path] = self._model.history.restore(self._trashed[path])
            del self._trashed[path]


class _Note(_HistoryCommand):
    def __init__(self, model: HistoryModel, path: Path, before: str, after: str, text: str) -> None:
        super().__init__(model, text)
        self._path, self._before, self._after = path, before, after

    def _change(self, *, forward: bool) -> None:
        with RunFile.open(self._model._current(self._path)) as run:
            run.set_note(self._after if forward else self._before)
