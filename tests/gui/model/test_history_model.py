"""The history as a table over real run files: search, undoable notes and deletions, files of no use."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QAbstractItemModelTester

from slora_core.config import RunConfig
from slora_core.events import RunFinished, RunStarted, StagePeaks
from slora_core.records.history import History
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
from slora_gui.i18n import languages_of
from slora_gui.model.history_model import HistoryModel

GB = 10**9


def _record(path, started_at, kind="demo", seconds=2.0, budget=None):
    config = RunConfig().merged({"source": {"kind": kind}}).to_dict()
    with RunRecorder(path) as recorder:
        recorder.write(RunStarted(0.0, path.stem, started_at, "optimised", config, {}, None, budget))
        recorder.write(RunFinished(seconds, seconds, StagePeaks(5 * GB, None, 7), {}, {}, {}, None))
    return path


@pytest.fixture
def folder(tmp_path):
    _record(tmp_path / "old.slora", "2024-01-01T00:00:00+00:00", seconds=100.0)
    _record(tmp_path / "new.slora", "2025-01-01T00:00:00+00:00", "synthetic", seconds=3.0, budget=2 * GB)
    (tmp_path / "spoilt.slora").write_text("not a run")
    os.utime(tmp_path / "spoilt.slora", (0, 0))
    return tmp_path


@pytest.fixture
def model(qapp, folder):
    model = HistoryModel(History(folder))
    tester = QAbstractItemModelTester(model)  # noqa: F841  # checks every signal while it lives
    model.refresh()
    return model


@pytest.fixture
def undo(qapp):
    return QUndoStack()


def _names(model):
    return [model.header(row).path.stem for row in range(model.rowCount())]


def _cells(model, row):
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_runs_are_listed_newest_first_and_a_spoilt_file_with_its_problem(model):
    assert _names(model) == ["new", "old", "spoilt"]
    assert _cells(model, 0)[1:9] == [
        "new",
        "finished",
        "optimised",
        "synthetic workload",
        "linear, weaknonlinear, attention",
        "3 s",
        "4.657 GiB",
        "1.863 GiB",
    ]
    assert _cells(model, 1)[8] == "unlimited"
    assert _cells(model, 2)[2] == "unreadable"
    assert "is not a run file" in _cells(model, 2)[9]
    assert "is not a run file" in model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)
    raw = [model.index(row, 6).data(Qt.ItemDataRole.UserRole) for row in range(3)]
    assert raw == [3.0, 100.0, None]


@pytest.mark.parametrize(("text", "names"), [("SYNTH", ["new"]), ("2024 demo", ["old"]), ("absent", []), ("", None)])
def test_the_search_wants_every_word(model, text, names):
    model.set_filter(text)
    assert _names(model) == (["new", "old", "spoilt"] if names is None else names)
    assert model.total == 3


def test_words_are_found_as_they_are_shown_and_as_they_are_recorded(model, qapp):
    languages_of(qapp).use("zh_CN")
    try:
        assert _cells(model, 0)[5] == "线性、弱非线性、注意力"
        for text, names in {"合成 已完成": ["new"], "弱非线性": ["new", "old"], "synthetic finished": ["new"]}.items():
            model.set_filter(text)
            assert _names(model) == names
    finally:
        languages_of(qapp).use("en")


def test_deleted_runs_come_back(model, folder, undo):
    model.delete([0, 2], undo)
    assert _names(model) == ["old"]
    assert sorted(path.name for path in (folder / ".trash").iterdir()) == ["new.slora", "spoilt.slora"]
    undo.undo()
    assert _names(model) == ["new", "old", "spoilt"]
    undo.redo()
    undo.undo()
    assert _names(model) == ["new", "old", "spoilt"]
    assert list((folder / ".trash").iterdir()) == []


@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ("Delete 1 run", "Delete 2 runs")), ("zh_CN", ("删除 1 个运行", "删除 2 个运行"))],
)
def test_a_deletion_is_named_by_the_number_of_its_runs(qapp, model, undo, language, names):
    languages_of(qapp).use(language)
    try:
        for rows, name in zip(([0], [0, 1]), names, strict=True):
            model.delete(rows, undo)
            assert undo.undoText() == name
    finally:
        languages_of(qapp).use("en")


def test_a_note_is_written_and_undone(model, folder, undo):
    model.set_filter("new")
    model.set_note(0, "keep this", undo)
    assert model.header(0).note == "keep this"
    with RunFile.open(folder / "new.slora") as run:
        assert run.note == "keep this"
    model.set_note(0, "keep this", undo)
    assert undo.count() == 1
    undo.undo()
    assert model.header(0).note == ""


def test_a_note_is_undone_on_a_run_that_came_back_under_another_name(model, folder, undo):
    model.set_note(1, "noted", undo)
    model.delete([1], undo)
    _record(folder / "old.slora", "2023-01-01T00:00:00+00:00")
    undo.undo()
    (back,) = [run for run in model.rows if run.note == "noted"]
    assert back.path.stem.startswith("old-")
    undo.undo()
    assert [run.note for run in model.rows if run.path == back.path] == [""]


def test_what_cannot_be_deleted_is_told_and_leaves_everything_in_place(model, folder, undo):
    told = []
    model.failed.connect(told.append)
    with RunRecorder(folder / "going.slora") as recorder:
        recorder._commit([RunStarted(0.0, "g", "2026-01-01T00:00:00+00:00", "optimised", {}, {}, None, None)], False)
        model.refresh()
        assert _names(model)[0] == "going"
        model.delete([1, 0], undo)
        assert "is being written" in told[0].what
        assert "cancel it first" in told[0].remedy
        assert _names(model) == ["going", "new", "old", "spoilt"]
        assert undo.count() == 0


def test_a_run_that_vanished_is_told(model, folder, undo):
    told = []
    model.failed.connect(told.append)
    (folder / "new.slora").unlink()
    model.set_note(0, "too late", undo)
    assert "new.slora" in told[0].what
    assert _names(model) == ["old", "spoilt"]


def test_rows_are_found_by_their_file(model, folder):
    assert model.row_of(folder / "old.slora") == 1
    assert model.row_of(folder / "absent.slora") is None


def test_an_empty_history_is_an_empty_table(qapp, tmp_path):
    model = HistoryModel(History(tmp_path / "nothing here"))
    model.refresh()
    assert (model.rowCount(), model.total) == (0, 0)
