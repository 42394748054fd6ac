"""Recorded runs for the report, and poppler to read back what was drawn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("PySide6.QtGui")
if sys.platform == "linux":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from slora_core.config import RunConfig
from slora_core.events import (
    MemorySample,
    Notice,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
)
from slora_core.records.recorder import RunRecorder

GIB = 1024**3
NOTE = "对比新缓存之前的显存"


@pytest.fixture
def record(tmp_path):
    """``record(name, stages=, note=, failed=)``: a run file on a card with its path."""

    def make(name, *, stages=12, note="", failed=False, budget="8GiB", message="one more chunk"):
        path = tmp_path / f"{name}.slora"
        config = RunConfig.from_dict({"memory": {"budget": budget}}).to_dict()
        chosen = [
            {"stage": f"task{n}.move", "choice": {"chunk": 512}, "predicted_peak_bytes": GIB, "seconds": 1.0}
            for n in range(stages)
        ]
        plan = {"budget_bytes": 8 * GIB, "policy": "planned", "stages": chosen, "binding_stage": "task0.move"}
        environment = {"device": "cuda:0", "device_name": "A card", "torch": "2.13", "cuda": "13.0", "os": "Linux"}
        with RunRecorder(path) as recorder:
            start = RunStarted(0.0, name, "2025-03-04T05:06:07+00:00", "optimised", config, environment, plan, 8 * GIB)
            recorder.write(start)
            for n in range(stages):
                stage = f"task{n}.move"
                recorder.write(StageStarted(float(n), stage, "", GIB, 1.0))
                for tick in range(20):
                    size = GIB + tick * n * 10**6
                    t_s = n + tick / 20
                    recorder.write(MemorySample(t_s, stage, size, size + 10**8, size + 10**9, None, None, GIB, 10**6))
                recorder.write(StageFinished(n + 1.0, stage, 1.0, StagePeaks(2 * GIB, 3 * GIB, GIB), 5))
            recorder.write(Notice(0.5, "retry", message, "task0.move"))
            if failed:
                recorder.write(RunFailed(float(stages), "out-of-memory", "the card is full", "free it", 4))
            else:
                accuracies = {"SeqFT": {"lda": 0.5}, "SeqFT + linear": {"lda": 0.75}}
                peaks = StagePeaks(2 * GIB, 3 * GIB, GIB)
                recorder.write(RunFinished(float(stages), float(stages), peaks, {}, accuracies, {}, True))
        if note:
            from slora_core.records.run_file import RunFile

            with RunFile.open(path) as run:
                run.set_note(note)
        return path

    return make


@pytest.fixture
def poppler():
    """``poppler("pdftotext", ...)`` returns what the tool prints."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils are not installed")

    def run(tool, *arguments):
        return subprocess.run(
            [tool, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=True
        ).stdout

    return run
