"""Run files read in a pool thread arrive as models in this one, in order; refusals say why."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QThread

from slora_gui.model import background
from slora_gui.model.background import RunOpener


@pytest.fixture
def opener(qtbot):
    opener = RunOpener()
    yield opener
    opener.close()


def test_runs_are_read_elsewhere_and_arrive_here_in_order(qtbot, opener, real_run, tmp_path, monkeypatch):
    (tmp_path / "x.slora").write_text("no")
    told, readers = [], []
    load = background.load_run
    monkeypatch.setattr(background, "load_run", lambda path: readers.append(threading.current_thread()) or load(path))
    opener.opened.connect(told.append)
    opener.refused.connect(lambda path, reason: told.append((path, reason)))
    for path in (real_run[1], tmp_path / "x.slora", real_run[1]):
        opener.open(path)
    qtbot.waitUntil(lambda: len(told) == 3)
    assert [getattr(run, "status", None) for run in told] == ["finished", None, "finished"]
    assert told[0].thread() is QThread.currentThread()
    assert told[1][0] == str(tmp_path / "x.slora")
    assert "is not a run file" in told[1][1]
    assert threading.main_thread() not in readers


def test_nothing_arrives_after_closing(qtbot, opener, real_run):
    told = []
    opener.opened.connect(told.append)
    opener.open(real_run[1])
    opener.open(real_run[1])
    opener.close()
    other = RunOpener()
    with qtbot.waitSignal(other.opened):
        other.open(real_run[1])
    assert told == []
