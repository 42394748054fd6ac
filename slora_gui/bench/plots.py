"""What the plots cost: frames of long runs and of compared runs, and the refreshes of a run that streams."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Final, TypeVar

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from slora_core.events import MemorySample
from slora_gui.bench.measured import Frame, Measured, painted
from slora_gui.bench.synthetic import HZ, synthetic_run, synthetic_samples
from slora_gui.control.refreshing import INTERVAL_MS
from slora_gui.model.run_model import RunModel
from slora_gui.plots.compare_plot import MODES, ComparePlot, Mode
from slora_gui.plots.memory_plot import MemoryPlot

SIZE: Final = (1200, 600)
HOUR_S: Final = 3600
COMPARED_RUNS: Final = 4
COMPARED_SAMPLES: Final = 100_000
Shown = TypeVar("Shown", bound=QWidget)

_MIB: Final = 2**20


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
        pan += [painted(partial(plot.pan_view, span / 100)) for _ in range(frames // 6)]
        pan += [painted(partial(plot.pan_view, -span / 100)) for _ in range(frames // 6)]
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
    per_tick = max(1, round(HZ * INTERVAL_MS / 1000))
    ticks: list[Frame] = []
    due = time.perf_counter()
    for first in range(0, len(samples), per_tick):
        due += per_tick / HZ
        time.sleep(max(0.0, due - time.perf_counter()))
        ticks.append(painted(partial(_feed_and_refresh, plot, run, samples[first : first + per_tick])))
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
