"""An engine for measuring the window: it computes nothing and sends the events of a run at the pace of a clock.

Its child process calls :func:`execute`; so it needs neither torch nor a quiet machine, and every run is the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Final

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.events import (
    Event,
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
)

ENGINE: Final = "slora_gui.bench.paced:execute"
SAMPLE_HZ: Final = 50
PROGRESS_EVERY: Final = 5
STAGE_S: Final = 2.0
MIB: Final = 2**20


def execute(config: RunConfig, emit: Callable[[Event], None], cancel: CancelToken, seconds: float) -> None:
    """Send a run of ``seconds`` in real time; ends early when it is cancelled."""
    began = time.perf_counter()
    for event in events(config, seconds):
        time.sleep(max(0.0, began + event.t_s - time.perf_counter()))
        if cancel.cancelled:
            emit(RunCancelledEvent(event.t_s, ""))
            return
        emit(event)


def events(config: RunConfig, seconds: float) -> Iterator[Event]:
    """50 samples and 10 steps of progress a second, a stage every two seconds: the six curves of a card."""
    yield RunStarted(
        0.0, "paced", "2000-01-01T00:00:00+00:00", "optimised", config.to_dict(), {"device": "cuda:0"}, None, None
    )
    count = round(seconds * SAMPLE_HZ)
    per_stage = round(STAGE_S * SAMPLE_HZ)
    for index in range(count):
        t_s, number, step = index / SAMPLE_HZ, index // per_stage, index % per_stage
        stage = f"task{number}"
        if step == 0:
            yield StageStarted(t_s, stage, "")
        yield sample(t_s, stage)
        if step % PROGRESS_EVERY == 0:
            yield Progress(t_s, stage, step, per_stage, "rows", index / count, seconds - t_s)
        if step == per_stage - 1:
            peaks = StagePeaks(900 * MIB, 1024 * MIB, 2500 * MIB)
            yield StageFinished(t_s, stage, STAGE_S - 1 / SAMPLE_HZ, peaks, None)
    yield RunFinished(seconds, seconds, StagePeaks(), {}, {}, {}, None)


def sample(t_s: float, stage: str) -> MemorySample:
    allocated = round((500 + 300 * math.sin(t_s / 3) + 50 * math.sin(t_s * 40)) * MIB)
    rss = round((2000 + t_s / 10 + 15 * math.sin(t_s * 17)) * MIB)
    return MemorySample(t_s, stage, allocated, 1024 * MIB, 1900 * MIB, 4000 * MIB, 81920 * MIB, rss, allocated // 4)
