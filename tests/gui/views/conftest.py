"""A job, its what-if and runs made of events: real models, no engine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt, Signal

from slora_core.config import RunConfig
from slora_core.events import (
    MemorySample,
    Notice,
    Progress,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
    TaskFinished,
)
from slora_core.memory.device import CPU_PROFILE
from slora_gui.model.forecasting import forecast
from slora_gui.model.job_model import JobModel
from slora_gui.model.run_model import RunModel

SYNTHETIC = {"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}}
MIB = 1024**2


class InstantWhatIf(QObject):
    """Answers with the real forecast, at once and only when asked."""

    ready = Signal(object)

    def answer(self, job):
        self.ready.emit(forecast(job.config, CPU_PROFILE))


@pytest.fixture
def job(qapp):
    return JobModel(RunConfig().merged(SYNTHETIC))


@pytest.fixture
def what_if(qapp):
    return InstantWhatIf()


def show(widget):
    """Laid out and visible to itself, without a window of the platform."""
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.show()


def started(budget_bytes=None, config=None):
    config = (config or RunConfig().merged(SYNTHETIC)).to_dict()
    return RunStarted(0.0, "r1", "2026-01-02T03:04:05+00:00", "optimised", config, {}, None, budget_bytes)


def sample(t_s, allocated, rss=64 * MIB, stage="linear.fit"):
    return MemorySample(t_s, stage, allocated, None, None, None, None, rss, allocated)


def finished(t_s=4.0, outputs=None, jitter=None, within=None):
    return RunFinished(t_s, t_s, StagePeaks(9 * MIB, None, 80 * MIB), outputs or {}, {}, jitter or {}, within)


@pytest.fixture
def run(qapp):
    """A live run in its second stage."""
    model = RunModel("digits")
    for event in (
        started(16 * MIB),
        StageStarted(0.5, "linear.fit", "", 4 * MIB, 1.0),
        sample(0.6, 2 * MIB),
        sample(0.8, 5 * MIB),
        StageFinished(1.0, "linear.fit", 0.5, StagePeaks(7 * MIB, None, 70 * MIB), MIB),
        StageStarted(1.0, "attention.move", "", 8 * MIB, 3.0),
        sample(1.2, 6 * MIB, stage="attention.move"),
        Progress(1.3, "attention.move", 1, 4, "classes", 0.4, None),
        Notice(
            1.4,
            "budget-near",
            "memory is at 92 % of the budget of 16 MiB",
            "attention.move",
            {"used_bytes": 15 * MIB, "budget_bytes": 16 * MIB},
        ),
    ):
        model.feed(event)
    return model


def tasks(*rows):
    return [
        TaskFinished(
            float(task),
            task,
            len(rows),
            2 * task,
            {"SeqFT": {"lda": low, "ncm": low}, "SeqFT + linear": {"lda": high, "ncm": high}},
        )
        for task, (low, high) in enumerate(rows, start=1)
    ]
