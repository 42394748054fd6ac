"""Cancel in this process: answered in every stage of both engines, with nothing half-written, and looked for often.

Work is counted in CPU seconds of the engine's thread, in the best of a few runs: a busy machine stretches both.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import RunCancelled
from slora_core.events import Progress, RunFinished, StageFinished, StageStarted
from slora_core.sources.demo import training

ANSWER_S = 0.2
REPEATS = 4
OPERATORS = {
    "names": ["linear", "weaknonlinear", "attention", "rff"],
    "weaknonlinear": {"steps": 60, "samples": 300},
    "attention": {"samples": 300, "top_k": 200},
    "rff": {"features": 128, "samples": 300},
}


@pytest.fixture
def job(make_files, tmp_path, monkeypatch):
    """``job("files" | "synthetic" | "demo", ...)``: a run with every stage of its source, on one thread."""
    monkeypatch.setattr("slora_core.sources.demo.source.FIRST_TASK", training.Schedule(12, 3e-3, 30.0))
    monkeypatch.setattr("slora_core.sources.demo.source.LATER_TASKS", training.Schedule(6, 3e-3, 10.0))

    def configured(kind, pairs=600, dim=48, classes=12, **sections):
        source = {"kind": kind, "pairs": pairs, "dim": dim, "classes": classes, "tasks": 2}
        if kind == "files":
            files = make_files(pairs, dim, classes)
            labels = np.where(np.arange(pairs) < pairs // 2, 100 + np.arange(pairs) % 3, -1)
            np.savez(files.folder / "rows.npz", features=files.after, labels=np.resize(files.ids, pairs))
            source |= {
                "features": files.write_features(labels=labels),
                "state": files.state,
                "evaluate": str(files.folder / "rows.npz"),
            }
        (tmp_path / "scratch").mkdir(exist_ok=True)
        run = {"threads": 1, "sample_hz": 0, "scratch": str(tmp_path / "scratch")}
        output = {"state": str(tmp_path / "scratch" / "out.safetensors")}
        base = {"source": source, "operators": OPERATORS, "run": run, "output": output}
        return RunConfig().merged(base).merged(sections)

    return configured


MOVES = (
    "linear.fit",
    "linear.move",
    "weaknonlinear.fit",
    "weaknonlinear.move",
    "attention.move",
    "rff.fit",
    "rff.move",
)
STAGES = [  # kind of source, stage, sections of the configuration
    *(("files", stage, {}) for stage in ("scan", "check", "statistics", *MOVES, "evaluate")),
    ("files", "load", {"measures": {"progressive_release": False}}),
    ("synthetic", "prepare", {}),
    *(("demo", stage, {}) for stage in ("task1.train", "task1.extract", "task2.train", "task2.extract")),
    *(("files", stage, {"run": {"engine": "baseline"}}) for stage in ("load", *MOVES)),
]


@pytest.mark.parametrize("case", STAGES, ids=lambda case: f"{case[1]}-{case[0]}{'-baseline' * ('run' in case[2])}")
@pytest.mark.parametrize("at", [StageStarted, Progress], ids=["start", "progress"])
def test_a_cancel_in_any_stage_is_answered_and_leaves_nothing_half_written(job, tmp_path, monkeypatch, case, at):
    monkeypatch.setattr("slora_core.context.PROGRESS_INTERVAL_S", 0.0)
    kind, stage, sections = case
    cancel, events = CancelToken(), []

    def listen(event):
        if cancel.cancelled:
            events.append(event)
        elif isinstance(event, at) and event.stage == stage:
            cancel.cancel()

    config = job(kind, **sections)
    with pytest.raises(RunCancelled):
        pipeline.execute(config, listen, cancel)
    assert {type(event) for event in events} <= {StageFinished}
    if at is StageStarted:
        assert (events[0].stage, events[0].completed) == (stage, False)
    left = [path.name for path in (tmp_path / "scratch").iterdir()]
    assert left == (["out.safetensors"] if stage == "evaluate" else [])


class Watch(CancelToken):
    """A token that is never set, and remembers the most work between two looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = (0.0, "", "")
        self._last = (time.thread_time(), "the start")

    def raise_if_cancelled(self) -> None:
        now, frame = time.thread_time(), sys._getframe(1)
        while frame.f_code.co_filename.endswith(("context.py", "contextlib.py")) and frame.f_back is not None:
            frame = frame.f_back
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        self.longest = max(self.longest, (now - self._last[0], self._last[1], place))
        self._last = (time.thread_time(), place)


@pytest.mark.parametrize(
    ("kind", "sizes"), [("files", {"pairs": 4000, "dim": 384, "classes": 6}), ("demo", {})], ids=["files", "demo"]
)
def test_the_engine_looks_at_the_token_often_enough(job, kind, sizes):
    config, longest = job(kind, **sizes), []
    while not longest or (len(longest) < REPEATS and min(longest)[0] >= ANSWER_S):
        watch, events = Watch(), []
        pipeline.execute(config, events.append, watch)
        assert isinstance(events[-1], RunFinished)
        longest.append(watch.longest)
    seconds, since, until = min(longest)
    assert seconds < ANSWER_S, f"{seconds:.3f} s between {since} and {until}"
