"""Runs that were never run: a noisy curve of every counter at 50 Hz, in forty stages."""

from __future__ import annotations

from typing import Final

import numpy as np

from slora_core.events import MemorySample, RunFinished, RunStarted, StageFinished, StagePeaks, StageStarted
from slora_gui.model.run_model import RunModel

HZ: Final = 50
_STAGES: Final = 40
_MIB: Final = 2**20


def synthetic_samples(count: int, seed: int, start_s: float = 0.0) -> list[MemorySample]:
    """A noisy memory curve at 50 Hz of a run on a card, so that every counter is known."""
    noise = np.random.default_rng(seed).random((3, count))
    t_s = start_s + np.arange(count) / HZ
    allocated = (400 + 300 * np.sin(t_s / 40) + 200 * noise[0]) * _MIB
    rss = (2000 + t_s / 10 + 30 * noise[1]) * _MIB
    return [
        MemorySample(
            float(t_s[i]),
            "attention.move",
            int(allocated[i]),
            1024 * _MIB,
            1900 * _MIB,
            int(4000 * _MIB + noise[2, i] * _MIB),
            80 * 1024 * _MIB,
            int(rss[i]),
            int(allocated[i] / 4),
        )
        for i in range(count)
    ]


def synthetic_run(count: int, seed: int = 0, *, finished: bool = True) -> RunModel:
    """A run of ``count`` samples at 50 Hz and 40 stages."""
    run = RunModel(title=f"run {seed}")
    run.feed(RunStarted(0.0, "bench", "2000-01-01T00:00:00+00:00", "optimised", {}, {"device": "cuda:0"}, None, None))
    samples = synthetic_samples(count, seed)
    per_stage = count // _STAGES
    for stage in range(_STAGES):
        first, last = samples[stage * per_stage], samples[(stage + 1) * per_stage - 1]
        run.feed(StageStarted(first.t_s, f"task{stage}", ""))
        for sample in samples[stage * per_stage : (stage + 1) * per_stage]:
            run.feed(sample)
        peaks = StagePeaks(900 * _MIB + stage, 1024 * _MIB, 2500 * _MIB)
        run.feed(StageFinished(last.t_s, f"task{stage}", last.t_s - first.t_s, peaks, None))
    if finished:
        run.feed(RunFinished(count / HZ, count / HZ, StagePeaks(), {}, {}, {}, None))
    return run
