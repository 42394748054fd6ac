"""Whole runs for tests: feature files and class states as users write them, and a run reduced to what it reported."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

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

sys.path.append(str(Path(__file__).parent / "faults"))

GB = 10**9


# A shell's background job ignores Ctrl-C and hands that on: processes that tests start could not be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Files:
    """A feature file and a class state of one model; ``write`` makes others beside them."""

    folder: Path
    before: np.ndarray
    after: np.ndarray
    ids: np.ndarray
    means: np.ndarray
    covs: np.ndarray

    @property
    def features(self) -> str:
        return str(self.folder / "features.npz")

    @property
    def state(self) -> str:
        return str(self.folder / "state.safetensors")

    def write_features(self, name="features.npz", **arrays) -> str:
        arrays = {"features_before": self.before, "features_after": self.after} | arrays
        np.savez(self.folder / name, **{key: value for key, value in arrays.items() if value is not None})
        return str(self.folder / name)

    def write_state(self, name="state.safetensors", **arrays) -> str:
        arrays = {
            "class_ids": self.ids,
            "count": np.full(len(self.ids), 20),
            "mean": self.means,
            "cov": self.covs,
        } | arrays
        kept = {key: np.ascontiguousarray(value) for key, value in arrays.items() if value is not None}
        save_file(kept, self.folder / name)
        return str(self.folder / name)


@pytest.fixture
def make_files(tmp_path):
    """``make_files(pairs, dim, classes, seed)``: seeded files in a folder of their own."""

    def make(pairs=200, dim=12, classes=4, seed=0) -> Files:
        rng = np.random.default_rng(seed)
        before = rng.standard_normal((pairs, dim)).astype(np.float32)
        after = (before + 0.3 * np.tanh(before) + 0.05 * rng.standard_normal((pairs, dim))).astype(np.float32)
        roots = rng.standard_normal((classes, dim, dim)) / np.sqrt(dim)
        covs = (roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(dim)).astype(np.float32)
        covs = (covs + covs.transpose(0, 2, 1)) / 2
        folder = tmp_path / f"files-{seed}-{pairs}x{dim}"
        folder.mkdir()
        means = rng.standard_normal((classes, dim)).astype(np.float32)
        files = Files(folder, before, after, np.arange(10, 10 + classes), means, covs)
        files.write_features()
        files.write_state()
        return files

    return make


@dataclass
class Performed:
    """The events of a run in order."""

    events: list

    @property
    def final(self):
        return self.events[-1]

    @property
    def plan(self) -> dict:
        return next(event.plan for event in self.events if isinstance(event, RunStarted))

    @property
    def started(self) -> list[str]:
        return [event.stage for event in self.events if isinstance(event, StageStarted)]

    @property
    def peaks(self) -> dict[str, int]:
        return {e.stage: e.peaks.allocated_bytes for e in self.events if isinstance(e, StageFinished)}

    @property
    def predicted(self) -> dict[str, int]:
        return {stage["stage"]: stage["predicted_peak_bytes"] for stage in self.plan["stages"]}

    @property
    def notices(self) -> list[Notice]:
        return [event for event in self.events if isinstance(event, Notice)]

    def expect_finished(self) -> Performed:
        assert isinstance(self.final, RunFinished), getattr(self.final, "details", self.final)
        return self

    def expect_failed(self, kind: str) -> RunFailed:
        assert isinstance(self.final, RunFailed), self.final
        assert self.final.kind == kind, self.final.details
        return self.final


@pytest.fixture
def perform():
    """``perform(config or changes)`` runs the pipeline in this process, unsampled, and returns what it reported."""
    from slora_core import pipeline

    def run(config, cancel=None) -> Performed:
        if isinstance(config, dict):
            config = RunConfig().merged(config)
        return Performed(list(pipeline.stream(config.merged({"run": {"sample_hz": 0}}), cancel)))

    return run


@pytest.fixture
def deviation():
    """The largest relative Frobenius distance between the statistics of two class-state files, class by class id."""

    def largest(first, second) -> float:
        a, b = load_file(first), load_file(second)
        order_a, order_b = np.argsort(a["class_ids"]), np.argsort(b["class_ids"])
        assert a.keys() == b.keys()
        assert np.array_equal(a["class_ids"][order_a], b["class_ids"][order_b])
        worst = 0.0
        for key in a.keys() - {"class_ids", "count"}:
            left, right = a[key][order_a].astype(np.float64), b[key][order_b].astype(np.float64)
            worst = max(worst, float(np.linalg.norm(left - right) / np.linalg.norm(left)))
        return worst

    return largest


def run_events(
    *,
    run_id="r1",
    started_at="2025-03-04T05:06:07+00:00",
    source="demo",
    engine="optimised",
    scale=1,
    end="finished",
    bound=None,
):
    """A small run: two tasks, a retried stage, figures above 2^31; ``scale`` multiplies bytes and seconds.

    ``bound`` is the peak of what the budget binds, where that is not all.
    """
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
            0.9, 0.9 * scale, peaks, {"state": "o.safetensors"}, accuracies, {"linear": {"3": 1e-6}}, True, bound
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


@pytest.fixture(scope="session")
def pinned_bytes():
    """``pinned_bytes(footprint)``: its page-locked host bytes at the worst moment."""

    def pinned(buffers) -> int:
        return sum(np.empty(b.shape, b.dtype).nbytes for b in buffers if b.pinned)

    def worst(footprint) -> int:
        phase = max((pinned(buffers) for _, buffers in footprint.phases), default=0)
        return pinned(footprint.kept + footprint.standing) + phase

    return worst
