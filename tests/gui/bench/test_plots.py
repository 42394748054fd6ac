"""The bench of the plots measures what it says: real runs, real frames."""

from __future__ import annotations

import pytest

from slora_gui.bench import plots
from slora_gui.bench.measured import Measured
from slora_gui.bench.synthetic import synthetic_run
from slora_gui.plots.memory_plot import MemoryPlot


def test_its_run_has_six_curves_and_forty_stages(qtbot):
    run = synthetic_run(4000)
    assert (run.status, len(run.samples), len(run.stages)) == ("finished", 4000, 40)
    plot = MemoryPlot()
    qtbot.addWidget(plot)
    plot.set_run(run)
    assert len(plot.data_table().columns) == 2 + 6


def test_frames_and_refreshes_are_timed(qapp):
    measured, share = plots.live_refresh(10, 0.6)
    assert measured.count == 3
    assert 0 < measured.median_ms <= measured.p95_ms <= measured.worst_ms
    assert share > 0


def test_a_summary_is_that_of_its_frames():
    row = Measured.of("x", [(0.001, 0.0005), (0.003, 0.0015), (0.002, 0.001)])
    assert (row.count, row.median_ms, row.worst_ms, row.cpu_ms) == (3, 2.0, 3.0, pytest.approx(1.0))
