"""A run is recorded as long as its file can be written, and goes on when it cannot."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from window_fakes import finishing

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import OutputError
from slora_core.events import Notice, RunFinished, RunStarted
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
from slora_gui.control.recording import NOT_RECORDED, recorded

EVENTS = list(finishing(RunConfig(), CancelToken()))


def stream():
    yield from EVENTS


def test_events_pass_through_and_the_file_is_whole_before_the_last_is_handed_on(tmp_path):
    path = tmp_path / "a.slora"
    seen = []
    for event in recorded(stream(), path):
        seen.append(event)
        if isinstance(event, RunFinished):
            with closing(RunFile.open(path)) as run:
                assert run.status == "finished"
                assert len(run.samples()) == 1
    assert seen == EVENTS


@pytest.mark.parametrize("place", ["no folder", "an error"])
def test_without_a_file_the_run_is_shown_with_one_notice(tmp_path, place):
    where = tmp_path / "missing" / "a.slora" if place == "no folder" else OutputError("the disk is full", "free space")
    seen = list(recorded(stream(), where))
    notices = [event for event in seen if isinstance(event, Notice)]
    assert [notice.kind for notice in notices] == [NOT_RECORDED]
    assert "without being recorded" in notices[0].message
    assert isinstance(seen[0], RunStarted)
    assert [event for event in seen if event not in notices] == EVENTS


def test_a_disk_that_fills_up_ends_the_recording_and_not_the_run(tmp_path, monkeypatch):
    path = tmp_path / "a.slora"
    written = RunRecorder.write

    def write(self, event):
        if event.t_s > 0.25:
            raise OutputError(f"run file {str(self.path)!r} cannot be written any more: disk full", "free space")
        written(self, event)

    monkeypatch.setattr(RunRecorder, "write", write)
    seen = list(recorded(stream(), path))
    assert [event.kind for event in seen if isinstance(event, Notice)] == [NOT_RECORDED]
    assert isinstance(seen[-1], RunFinished)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (1,)


def test_the_notice_of_a_file_that_cannot_be_ended_comes_before_the_final_event(tmp_path, monkeypatch):
    ended = RunRecorder.close

    def close(self):
        ended(self)
        raise OutputError("the last of it was lost")

    monkeypatch.setattr(RunRecorder, "close", close)
    seen = list(recorded(stream(), tmp_path / "a.slora"))
    assert isinstance(seen[-2], Notice)
    assert isinstance(seen[-1], RunFinished)


def test_leaving_early_closes_the_stream_and_the_file(tmp_path):
    closed = []

    def watched():
        try:
            yield from EVENTS
        finally:
            closed.append(True)

    events = recorded(watched(), tmp_path / "a.slora")
    next(events)
    events.close()
    assert closed == [True]
    with closing(RunFile.open(tmp_path / "a.slora")) as run:
        assert run.status == "interrupted"
