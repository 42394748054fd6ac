"""Run files for the tests of records."""

from __future__ import annotations

import pytest

from slora_core.config import RunConfig
from slora_core.events import (
    MemorySample,
    Notice,
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

GB = 10**9


def run_events(
    *, run_id="r1", started_at="2025-03-04T05:06:07+00:00", source="demo", engine="optimised", scale=1, end="finished"
):
    """A small run: two tasks, a retried stage, figures above 2^31; ``scale`` multiplies bytes and seconds."""
    config = RunConfig.from_dict({"source": {"kind": source}, "memory": {"budget": "8GB"}}).to_dict()
    accuracies = {"SeqFT": {"ncm": 0.5, "lda": 0.25}, "SeqFT + linear": {"ncm": 0.75, "lda": 1 / 3}}
    yield RunStarted(0.0, run_id, started_at, engine, config, {"torch": "2"}, {"stages": []}, 8 * GB)
    yield StageStarted(0.1, "task1", "", None, None)
    yield StageStarted(0.2, "task1.attention", "task1", 5 * GB, 1.5)
    yield MemorySample(0.25, "task1.attention", 5 * GB * scale, None, None, None, None, 77, 5 * GB * scale)
    yield StageFinished(0.3, "task1.attention", 0.1 * scale, StagePeaks(4 * GB * scale, None, 70), 5, False)
    yield StageStarted(0.4, "task1.attention", "task1", 3 * GB, 1.0)
    yield StageFinished(0.5, "task1.attention", 0.2 * scale, StagePeaks(3 * GB * scale, None, 90), 5)
    yield MemorySample(0.45, "", 11, None, None, None, None, None, 11)
    yield Notice(0.5, "retry", "=smaller chunks", "task1.attention", {"chunk": 32})
    yield TaskFinished(0.6, 1, 2, 4, {"SeqFT": {"ncm": 0.9}})
    yield TaskFinished(0.7, 2, 2, 6, accuracies)
    if end == "cut":
        return
    yield StageFinished(0.8, "task1", 0.7 * scale, StagePeaks(5 * GB * scale, None, 99), 5)
    if end == "finished":
        peaks = StagePeaks(5 * GB * scale, None, 99)
        yield RunFinished(
            0.9, 0.9 * scale, peaks, {"state": "o.safetensors"}, accuracies, {"linear": {"3": 1e-6}}, True
        )
    elif end == "failed":
        yield RunFailed(0.9, "engine-died", "it was killed", "buy memory", 4, "details")
    else:
        yield RunCancelledEvent(0.9, "task1")


@pytest.fixture
def record_run(tmp_path):
    """Record a small run and open it; every opened file is closed at the end."""
    opened = []

    def make(name="run", **options):
        path = tmp_path / f"{name}.slora"
        with RunRecorder(path) as recorder:
            for event in run_events(**options):
                recorder.write(event)
        opened.append(RunFile.open(path))
        return opened[-1]

    yield make
    for run in opened:
        run.close()


@pytest.fixture
def events_of_a_run():
    return run_events
