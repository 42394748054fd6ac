"""What the window's plots cost: ``python -m slora_gui.bench`` (``--json`` for machines).

Frames are painted for real, by the platform that Qt runs on: set ``QT_QPA_PLATFORM=offscreen`` on a machine without a
screen.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QWidget

from slora_core.events import MemorySample, RunFinished, RunStarted, StageFinished, StagePeaks, StageStarted
from slora_gui.model.run_model import RunModel
from slora_gui.plots.compare_plot import MODES, ComparePlot, Mode
from slora_gui.plots.memory_plot import MemoryPlot

SIZE: Final = (1200, 600)
HZ: Final = 50
HOUR_S: Final = 3600
COMPARED_RUNS: Final = 4
COMPARED_SAMPLES: Final = 100_000
REFRESH_HZ: Final = 25
Shown = TypeVar("Shown", bound=QWidget)

_STAGES: Final = 40
_MIB: Final = 2**20


Frame: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of repeated work: ``count`` times, the middle one, the slowest of twenty, the slowest.

    ``cpu_ms`` is the mean processor time, which other work on the machine changes less.
    """

    what: str
    count: int
    median_ms: float
    p95_ms: float
    worst_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, what: str, frames: Sequence[Frame]) -> Measured:
        ms, cpu_ms = 1e3 * np.array(frames).T
        return cls(
            what, len(ms), float(np.median(ms)), float(np.percentile(ms, 95)), float(ms.max()), float(cpu_ms.mean())
        )


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


def painted(change: Callable[[], object]) -> Frame:
    """(seconds, processor seconds) of ``change`` and of the frame that it causes."""
    started, cpu_started = time.perf_counter(), time.process_time()
    change()
    QCoreApplication.processEvents()
    return time.perf_counter() - started, time.process_time() - cpu_started


def pan_and_zoom(frames: int) -> list[Measured]:
    """An hour at 50 Hz, six curves: frames of zooming in and out and of panning at several depths."""
    plot = _shown(MemoryPlot())
    plot.set_run(synthetic_run(HOUR_S * HZ))
    plot.set_budget(2048 * _MIB)
    QCoreApplication.processEvents()
    zoom = [painted(lambda: plot.zoom_view(0.97, 1800.0)) for _ in range(frames)]
    zoom += [painted(lambda: plot.zoom_view(1 / 0.97, 1800.0)) for _ in range(frames)]
    pan: list[Frame] = []
    for factor in (0.9, 0.5, 0.2):
        plot.zoom_view(factor, 1800.0)
        span = plot.time_span_s
        pan += [painted(lambda step=span: plot.pan_view(step / 100)) for _ in range(frames // 6)]
        pan += [painted(lambda step=span: plot.pan_view(-step / 100)) for _ in range(frames // 6)]
    plot.reset_view()
    hover = [painted(lambda: plot.walk_samples(200)) for _ in range(frames)]
    plot.close()
    return [
        Measured.of("zoom, an hour at 50 Hz, six curves", zoom),
        Measured.of("pan, an hour at 50 Hz, six curves", pan),
        Measured.of("hover, an hour at 50 Hz, six curves", hover),
    ]


def comparison(frames: int) -> list[Measured]:
    """Four runs of 100,000 samples: laying them over each other, then zooming and panning."""
    runs = [(f"run {seed}", synthetic_run(COMPARED_SAMPLES, seed)) for seed in range(COMPARED_RUNS)]
    return [row for mode in MODES for row in _compared(runs, mode, frames)]


def _compared(runs: Sequence[tuple[str, RunModel]], mode: Mode, frames: int) -> list[Measured]:
    plot = _shown(ComparePlot())
    plot.set_mode(mode)
    built = painted(lambda: plot.set_runs(runs))
    middle = plot.view.viewRange()[0][1] / 2
    moved = [painted(lambda: plot.zoom_view(0.97, middle)) for _ in range(frames // 2)]
    moved += [painted(lambda: plot.pan_view(middle / 500)) for _ in range(frames // 2)]
    plot.close()
    what = f"four runs of 100,000 samples by {mode}"
    return [Measured.of(f"{what}: first picture", [built]), Measured.of(f"{what}: zoom and pan", moved)]


def live_refresh(past_s: int, streamed_s: float) -> tuple[Measured, float]:
    """A run that streams at 50 Hz after ``past_s`` seconds: a refresh of the timer, and its share of one core."""
    plot = _shown(MemoryPlot())
    run = synthetic_run(max(past_s, 1) * HZ, finished=False)
    plot.set_run(run)
    plot.set_budget(2048 * _MIB)
    QCoreApplication.processEvents()
    samples = synthetic_samples(round(streamed_s * HZ), 1, float(run.now_s))
    per_tick = HZ // REFRESH_HZ
    ticks: list[Frame] = []
    due = time.perf_counter()
    for first in range(0, len(samples), per_tick):
        due += 1 / REFRESH_HZ
        time.sleep(max(0.0, due - time.perf_counter()))
        ticks.append(painted(lambda at=first: _feed_and_refresh(plot, run, samples[at : at + per_tick])))
    plot.close()
    return Measured.of(f"live refresh after {past_s} s of run", ticks), sum(cpu_s for _, cpu_s in ticks) / streamed_s


def _feed_and_refresh(plot: MemoryPlot, run: RunModel, samples: Sequence[MemorySample]) -> None:
    for sample in samples:
        run.feed(sample)
    plot.refresh()


def _shown(widget: Shown) -> Shown:
    widget.resize(*SIZE)
    widget.show()
    QCoreApplication.processEvents()
    return widget


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m slora_gui.bench", description="What the window's plots cost.")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--frames", type=int, default=120, help="frames of each movement (default: 120)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each live run, in real time (default: 10)")
    options = parser.parse_args(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    results = [*pan_and_zoom(options.frames), *comparison(options.frames)]
    shares = {}
    for past_s in (10, 60, 600, HOUR_S):
        measured, share = live_refresh(past_s, options.seconds)
        results.append(measured)
        shares[f"after {past_s} s"] = share
    platform = app.platformName() if isinstance(app, QApplication) else ""
    if options.json:
        document: dict[str, Any] = {
            "platform": platform,
            "size": SIZE,
            "measured": [_as_dict(row) for row in results],
            "live_share_of_one_core": shares,
        }
        print(json.dumps(document, indent=2))
        return 0
    print(f"platform {platform}, {SIZE[0]} x {SIZE[1]}")
    for row in results:
        wall = f"{row.median_ms:7.2f} ms, p95 {row.p95_ms:7.2f}, worst {row.worst_ms:7.2f}"
        print(f"{row.what:<58} {wall}, CPU {row.cpu_ms:7.2f}  ({row.count})")
    for what, share in shares.items():
        print(f"live at {HZ} Hz, {what:<42} {100 * share:7.2f} % of one core")
    return 0


def _as_dict(row: Measured) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Measured.__slots__}


if __name__ == "__main__":
    raise SystemExit(main())
