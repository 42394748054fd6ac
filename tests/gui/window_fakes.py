"""An engine without a process, and dialogs that answer at once."""

from __future__ import annotations

import threading

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

MIB = 2**20
PEAKS = StagePeaks(30 * MIB, None, 200 * MIB)
ACCURACIES = {"SeqFT": {"lda": 0.5}, "SeqFT + linear": {"lda": 0.75}}


def sample(t_s, allocated_bytes=20 * MIB):
    return MemorySample(t_s, "scan", allocated_bytes, None, None, None, None, 200 * MIB, allocated_bytes)


def beginning(config):
    budget = config.memory.budget
    yield RunStarted(0.0, "r1", "2026-01-01T00:00:00+00:00", config.run.engine, config.to_dict(), {}, None, budget)
    yield StageStarted(0.1, "scan", "")
    yield sample(0.2)
    yield Progress(0.3, "scan", 1, 2, "row", 0.5, 1.0)


def finishing(config, cancel):
    """A whole run."""
    yield from beginning(config)
    yield StageFinished(0.9, "scan", 0.8, PEAKS, 0)
    yield TaskFinished(0.95, 1, 1, 3, ACCURACIES)
    yield RunFinished(1.0, 1.0, PEAKS, {}, ACCURACIES, {}, None)


def failing(config, cancel):
    yield from beginning(config)
    yield RunFailed(0.5, "engine-died", "the engine process was killed", "free memory", 4, "trace of the end")


class Waiting:
    """An engine that goes on until it is cancelled."""

    def __init__(self):
        self.cancelled = threading.Event()

    def __call__(self, config, cancel):
        yield from beginning(config)
        while not cancel.cancelled:
            self.cancelled.wait(0.002)
        yield RunCancelledEvent(0.7, "scan")


class Answers:
    """Stands in for the dialogs: each question has its answer, and is kept."""

    def __init__(self, **answers):
        self._answers = answers
        self.asked = []

    def __getattr__(self, question):
        def answer(*arguments):
            self.asked.append(question)
            return self._answers[question]

        return answer
