"""The folder of runs: names, order, search, trash, and files that cannot be read."""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime

import pytest

from slora_core.errors import InputError, OutputError
from slora_core.records import database
from slora_core.records.history import History, history_folder
from slora_core.records.recorder import RunRecorder
from slora_core.records.tables import runs_table


@pytest.fixture
def history(tmp_path, record_run):
    """Three runs: an old demo, a newer file run that failed, the newest cancelled."""
    record_run("old", run_id="a", started_at="2024-01-02T12:00:00+00:00")
    failed = record_run("failed", run_id="b", started_at="2025-06-01T00:00:00+00:00", source="synthetic", end="failed")
    failed.set_note("Zwischenstand für Anna")
    record_run("newest", run_id="c", started_at="2025-06-01T01:30:00+05:00", engine="baseline", end="cancelled")
    return History(tmp_path)


def _ids(headers):
    return [header.run_id for header in headers]


def test_runs_are_listed_by_the_instant_they_began_newest_first(history):
    assert _ids(history.list_runs()) == ["b", "c", "a"]
    assert [run.status for run in history.list_runs()] == ["failed", "cancelled", "finished"]


def test_a_list_reads_only_headers(history, monkeypatch):
    statements = []
    connect = database.connect

    def traced(path, mode):
        connection = connect(path, mode)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(database, "connect", traced)
    history.list_runs()
    assert set(statements) == {"PRAGMA schema_version", "SELECT key, value FROM meta"}
    assert len(statements) == 2 * 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna", ["b"]),
        ("SYNTHETIC failed", ["b"]),
        ("baseline", ["c"]),
        ("2024", ["a"]),
        ("anna demo", []),
        ("", list("bca")),
    ],
)
def test_search_finds_every_word_anywhere(history, text, found):
    assert _ids(history.search(text)) == found


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here")
def test_a_run_is_found_by_the_date_that_the_list_shows(tmp_path, record_run, monkeypatch):
    monkeypatch.setenv("TZ", "UTC-8")  # eight hours ahead of UTC
    time.tzset()
    try:
        record_run("late", run_id="late", started_at="2025-03-04T23:30:00+00:00")
        history = History(tmp_path)
        assert runs_table(history.list_runs()).rows[0][1] == "2025-03-05 07:30:00"
        assert _ids(history.search("2025-03-05 07:30")) == ["late"]
        assert _ids(history.search("2025-03-04")) == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_deleted_run_comes_back_from_the_trash(history):
    path = history.list_runs()[0].path
    content = path.read_bytes()
    trashed = history.delete(path)
    assert _ids(history.list_runs()) == ["c", "a"]
    assert _ids(history.list_deleted()) == ["b"]
    assert history.restore(trashed) == path
    assert path.read_bytes() == content
    assert (_ids(history.list_runs()), history.list_deleted()) == (["b", "c", "a"], [])


def test_a_second_file_of_the_same_name_does_not_replace_the_first_in_the_trash(history):
    path = history.list_runs()[0].path
    copy = path.read_bytes()
    first = history.delete(path)
    path.write_bytes(copy)
    second = history.delete(path)
    assert first != second
    assert _ids(history.list_deleted()) == ["b", "b"]


def test_a_running_run_is_not_deleted(tmp_path):
    recorder = RunRecorder(tmp_path / "busy.slora")
    with pytest.raises(InputError, match="is being written"):
        History(tmp_path).delete(tmp_path / "busy.slora")
    recorder.close()
    assert not History(tmp_path).delete(tmp_path / "busy.slora").parent.samefile(tmp_path)


def test_only_runs_of_the_folder_are_deleted_or_restored(history, tmp_path):
    stranger = tmp_path / "elsewhere" / "x.slora"
    stranger.parent.mkdir()
    stranger.touch()
    with pytest.raises(InputError, match="is not a run in"):
        history.delete(stranger)
    with pytest.raises(InputError, match="is not a run in"):
        history.restore(history.list_runs()[0].path)
    assert stranger.exists()


def test_an_unreadable_file_is_listed_with_its_problem_and_can_be_deleted(history, tmp_path):
    (tmp_path / "broken.slora").write_bytes(b"not a database")
    (broken,) = [run for run in history.list_runs() if run.status == "unreadable"]
    assert broken.path.name == "broken.slora"
    assert "is not a run file" in broken.problem
    history.delete(broken.path)
    assert len(history.list_runs()) == 3


def test_new_names_carry_time_and_source_and_never_meet(tmp_path):
    history = History(tmp_path / "new" / "runs")
    now = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    names = {history.new_path("../Müll: a/b", now).name for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(r"20250304-050607-Müll-a-b-[0-9a-f]{6}\.slora", name) for name in names)
    path = history.new_path("demo")
    RunRecorder(path).close()
    assert [run.path for run in history.list_runs()] == [path]


def test_the_folder_is_that_of_the_environment_or_of_the_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path))
    assert History().folder == history_folder() == tmp_path / "runs"
    monkeypatch.delenv("SLORA_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert "slora" in str(history_folder())
    assert History(tmp_path).folder == tmp_path


def test_a_folder_that_does_not_exist_is_an_empty_history(tmp_path):
    assert History(tmp_path / "none").list_runs() == []
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be created"):
        History(tmp_path / "file" / "runs").new_path("demo")


def test_five_hundred_runs_are_listed(tmp_path, record_run):
    path = record_run("one").path
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(500):
        shutil.copy(path, folder / f"{number}.slora")
    assert {run.run_id for run in History(folder).list_runs()} == {"r1"}
    assert len(History(folder).list_runs()) == 500
