"""A live run and the file of the same run are one model; killed, cut off and unreadable runs say so."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from slora_core.errors import InputError
from slora_core.events import (
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
    TaskFinished,
)
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
from slora_core.records.schema import SAMPLE_COUNTERS
from slora_gui.model.run_model import ASPECTS, RunModel
from slora_gui.model.run_state import RunState

ROOT = Path(__file__).parents[3]


def _fed(events, **options):
    model = RunModel(**options)
    for event in events:
        model.feed(event)
    return model


def _facts(model):
    names = ("status", "run_id", "started_at", "engine", "budget_bytes", "stages", "notices", "accuracies", "progress")
    more = ("failure", "result", "jitter", "peaks", "seconds", "note", "now_s", "ranks", "active")
    facts = {name: getattr(model, name) for name in names + more}
    return facts | {"bands": model.bands()}


def _same_curves(one, other):
    assert len(one.samples) == len(other.samples) > 0
    np.testing.assert_array_equal(one.samples.t_s, other.samples.t_s)
    for name in SAMPLE_COUNTERS:
        np.testing.assert_array_equal(one.samples.counter(name), other.samples.counter(name))


def test_a_live_run_and_its_opened_file_are_equal(qapp, real_run):
    events, path = real_run
    live, opened = _fed(events, path=path), RunModel.open(path)
    assert isinstance(events[-1], RunFinished)
    assert _facts(live) == _facts(opened)
    _same_curves(live, opened)
    for name in ("config", "plan", "environment"):
        with RunFile.open(path) as run:
            assert getattr(opened, name) == getattr(run, name)
    assert dict(live.config) == opened.config
    assert live.title == opened.title == "files"
    assert len(live.stages) > 5
    assert {row.variant for row in live.accuracies} == {"SeqFT", "SeqFT + linear", "SeqFT + Hopfield"}


def test_every_event_tells_what_it_changed(qtbot, real_run):
    events, _ = real_run
    model, told = RunModel(), []
    model.changed.connect(told.append)
    expected = {
        RunStarted: ["status", "plan"],
        MemorySample: ["samples"],
        Progress: ["progress"],
        StageStarted: ["stages"],
        StageFinished: ["stages"],
        TaskFinished: ["accuracies"],
        RunFinished: ["status", "progress", "accuracies"],
    }
    for event in events:
        told.clear()
        model.feed(event)
        assert told == expected.get(type(event), ["notices"])
        assert set(told) <= set(ASPECTS)


def test_bands_nest_and_an_open_stage_reaches_to_now(qapp):
    model = _fed([StageStarted(0.0, "task1", ""), StageStarted(1.0, "task1.scan", "task1")])
    model.feed(MemorySample(5.0, "task1.scan", 1, None, None, None, None, 1, 1))
    assert [(band.stage, band.start_s, band.end_s, band.depth) for band in model.bands()] == [
        ("task1", 0.0, 5.0, 0),
        ("task1.scan", 1.0, 5.0, 1),
    ]
    model.feed(StageFinished(6.0, "task1.scan", 4.5, StagePeaks(7, None, 8), 0))
    assert [band.end_s for band in model.bands()] == [6.0, 5.5]
    assert model.bands() is model.bands()
    assert model.peaks == StagePeaks(7, None, 8)


def test_peaks_so_far_are_never_below_what_was_sampled(qapp):
    model = _fed([StageStarted(0.0, "a", ""), StageFinished(1.0, "a", 1.0, StagePeaks(7, None, 90), 0)])
    for t_s, allocated in ((2.0, 9), (3.0, None), (4.0, 2)):
        model.feed(MemorySample(t_s, "b", allocated, None, None, None, None, 80, 1))
    assert (model.peaks, model.peaks_so_far) == (StagePeaks(7, None, 90), StagePeaks(9, None, 90))
    model.feed(RunCancelledEvent(5.0, "b"))
    assert model.peaks_so_far == model.peaks == StagePeaks(7, None, 90)


def test_a_stage_that_runs_again_completes_its_newest_row(qapp):
    events = [StageStarted(0.0, "a", ""), StageFinished(1.0, "a", 1.0, StagePeaks(9, None, 1), 0, False)]
    events += [StageStarted(1.0, "a", ""), StageFinished(3.0, "a", 2.0, StagePeaks(5, None, 2), 0)]
    model = _fed([*events, StageFinished(4.0, "unheard of", 1.0, StagePeaks(99, 99, 99), 0)])
    assert [(row.seconds, row.completed, row.allocated_bytes) for row in model.stages] == [
        (1.0, False, 9),
        (2.0, True, 5),
    ]
    assert model.peaks == StagePeaks(9, None, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_engine_leaves_what_was_measured(qapp, tmp_path, tiny_config):
    """A real engine process, killed in the middle of the run."""
    from slora_core import isolate
    from slora_core.records.recorder import record

    config = tiny_config.merged({"operators": {"names": "weaknonlinear", "weaknonlinear": {"steps": 10**8}}})
    model, path = RunModel(), tmp_path / "killed.slora"
    for event in record(isolate.stream(config), path):
        model.feed(event)
        if isinstance(event, MemorySample) and len(model.samples) == 20:
            psutil.Process().children()[0].send_signal(signal.SIGKILL)
    opened = RunModel.open(path)
    assert model.status == opened.status == "failed"
    assert "SIGKILL" in model.failure.what
    assert model.failure == opened.failure
    assert len(opened.samples) >= 20
    assert opened.stages[-1].completed is None
    assert _facts(model) == _facts(opened)
    _same_curves(model, opened)


DYING_RECORDER = """
import os, signal, sys
from slora_core.events import MemorySample, RunStarted, StageStarted
from slora_core.records.recorder import RunRecorder

recorder = RunRecorder(sys.argv[1])
batch = [RunStarted(0.0, "r", "", "optimised", {}, {}, None, 9), StageStarted(0.0, "a", "")]
batch += [MemorySample(i / 50, "a", 2**33 + i, None, None, None, None, 5, 5) for i in range(100)]
recorder._commit(batch, False)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_run_whose_window_died_is_interrupted_with_what_was_measured(qapp, tmp_path):
    path = tmp_path / "cut.slora"
    subprocess.run([sys.executable, "-c", DYING_RECORDER, path], cwd=ROOT, timeout=60, check=False)
    model = RunModel.open(path)
    assert (model.status, model.active, model.seconds, model.failure) == ("interrupted", False, None, None)
    assert model.samples.counter("allocated_bytes").tolist() == [2**33 + i for i in range(100)]
    assert [band.end_s for band in model.bands()] == [99 / 50]


def _truncate(path):
    path.write_bytes(path.read_bytes()[:5000])


def _newer(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def _text(path):
    path.write_text("not a run")


@pytest.mark.parametrize(
    ("spoil", "why"), [(_truncate, "is damaged"), (_newer, "schema version 999"), (_text, "is not a run file")]
)
def test_a_file_that_cannot_be_read_says_why(qapp, real_run, tmp_path, spoil, why):
    path = tmp_path / "spoilt.slora"
    path.write_bytes(real_run[1].read_bytes())
    spoil(path)
    with pytest.raises(InputError, match=why):
        RunModel.open(path)


def test_a_file_is_followed_while_it_is_written_until_it_ends(qtbot, real_run, tmp_path):
    events, _ = real_run
    path = tmp_path / "followed.slora"
    model, told = RunModel(), []
    model.changed.connect(told.append)
    part = len(events) // 2
    with RunRecorder(path) as recorder:
        recorder._commit(events[:part], False)
        model.follow(path)
        assert (model.status, model.active, model.following) == ("running", True, True)
        assert len(model.samples) == sum(isinstance(event, MemorySample) for event in events[:part])
        told.clear()
        model.poll()
        assert told == []
        for event in events[part:]:
            recorder.write(event)
    qtbot.waitUntil(lambda: not model.following)
    assert {"samples", "stages", "status", "accuracies"} <= set(told)
    live = _fed(events)
    assert _facts(model) == _facts(live)
    _same_curves(model, live)


def test_a_followed_file_that_breaks_says_so_and_keeps_what_was_read(qtbot, real_run, tmp_path):
    path = tmp_path / "broken.slora"
    with RunRecorder(path) as recorder:
        recorder._commit(real_run[0][:-1], False)  # all but the end: an ended run is not followed
        model, said = RunModel(), []
        model.follow_failed.connect(said.append)
        model.follow(path)
        recorder._connection.execute("DROP TABLE samples")
        model.poll()
    assert not model.following
    assert "damaged" in said[0]
    assert len(model.samples) > 0


def test_following_what_is_not_there_is_refused(qapp, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        RunModel().follow(tmp_path / "absent.slora")


def test_a_note_is_written_into_the_file(qtbot, real_run, tmp_path):
    path = tmp_path / "noted.slora"
    path.write_bytes(real_run[1].read_bytes())
    model = RunModel.open(path)
    with qtbot.waitSignal(model.changed, check_params_cb=lambda aspect: aspect == "note"):
        model.set_note("für später")
    assert model.note == RunModel.open(path).note == "für später"


def test_a_run_that_never_began_is_failed(qapp):
    model = RunModel("refused")
    assert (model.status, model.title, model.bands()) == ("starting", "refused", [])
    model.feed(RunFailed(0.0, "internal", "no", "", 4))
    assert (model.status, model.peaks, model.header.status) == ("failed", StagePeaks(), "failed")


def test_processes_of_a_distributed_run_have_their_own_curves(qapp):
    state = RunState()
    for rank in (2, 0):
        state.store(rank).append(MemorySample(0.0, "a", 10 + rank, None, None, None, None, 5, 5))
    state.log(2).start(StageStarted(0.0, "a", ""))
    model = RunModel.from_state(state)
    assert model.ranks == (0, 2)
    assert model.samples is model.samples_of(0)
    assert model.samples_of(2).counter("allocated_bytes").tolist() == [12]
    assert model.samples.counter("allocated_bytes").tolist() == [10]
    assert [row.stage for row in model.stages_of(2)] == ["a"]
    assert model.stages == []
