"""The history over real run files."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QSignalSpy, QTest

from slora_core.records.history import History
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_gui.model.history_model import HistoryModel
from slora_gui.views.history_view import HistoryView

from .conftest import finished, started


@pytest.fixture
def history(qapp):
    history = History()
    for name in ("alpha", "beta"):
        for _ in record([started(), finished()], history.new_path(name)):
            pass
    history.new_path("x").with_name("broken.slora").write_bytes(b"not a run")
    model = HistoryModel(history)
    model.refresh()
    return model


@pytest.fixture
def view(history, qtbot):
    view = HistoryView(history)
    qtbot.addWidget(view)
    return view


def row_of(history, word):
    return next(row for row in range(history.rowCount()) if word in history.header(row).path.name)


def test_the_search_narrows_the_table(view, history):
    QTest.keyClicks(view.search, "alpha")
    assert view.table.model().rowCount() == 1
    view.search.setText("nothing like it")
    assert view._line.text() == "No run matches."
    view.search.clear()
    assert view.table.model().rowCount() == 3


def test_a_run_is_opened_and_an_unreadable_one_says_why(view, history):
    spy = QSignalSpy(view.open_requested)
    view.table.select_row(row_of(history, "alpha"))
    view.buttons["open"].click()
    assert "alpha" in spy.at(0)[0].name
    view.table.select_row(row_of(history, "broken"))
    assert not view.buttons["open"].isEnabled()
    assert "broken.slora" in view._line.text()
    view.table.row_activated.emit(row_of(history, "broken"))
    assert spy.count() == 1


def test_two_runs_are_compared(view, history):
    spy = QSignalSpy(view.compare_requested)
    view.table.select_row(row_of(history, "alpha"))
    assert not view.buttons["compare"].isEnabled()
    view.table.selectAll()
    view.buttons["compare"].click()
    assert sorted(path.name.split("-")[2] for path in spy.at(0)[0]) == ["alpha", "beta"]


def test_deleting_is_undone(view, history):
    stack = QUndoStack()
    view.delete_requested.connect(lambda rows: history.delete(rows, stack))
    view.table.select_row(row_of(history, "alpha"))
    QTest.keyClick(view.table, Qt.Key.Key_Delete)
    assert history.rowCount() == 2
    stack.undo()
    assert history.rowCount() == 3
    assert row_of(history, "alpha") >= 0


def test_a_note_is_written_to_the_file_when_the_field_is_left(view, history):
    stack = QUndoStack()
    view.note_changed.connect(lambda row, text: history.set_note(row, text, stack))
    row = row_of(history, "beta")
    path = history.header(row).path
    view.table.select_row(row)
    view.note.setPlainText("für das Papier")
    view.note.commit()
    with RunFile.open(path) as run:
        assert run.note == "für das Papier"
    stack.undo()
    assert history.header(row_of(history, "beta")).note == ""
    assert view.note.toPlainText() == ""


def test_a_note_goes_to_the_run_that_it_was_written_for(view, history):
    spy = QSignalSpy(view.note_changed)
    first = row_of(history, "alpha")
    view.table.select_row(first)
    view.note.setPlainText("of alpha")
    view.table.select_row(row_of(history, "beta"))
    assert spy.count() == 1
    assert spy.at(0) == [first, "of alpha"]
