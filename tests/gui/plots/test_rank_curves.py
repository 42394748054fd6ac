"""Several processes in the memory plot."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from slora_core.events import MemorySample, StageFinished, StagePeaks, StageStarted
from slora_gui.model.job_model import JobModel
from slora_gui.model.run_model import RunModel
from slora_gui.plots.rank_curves import binned
from slora_gui.views.live_page import LivePage

MIB = 2**20


def test_extremes_hold_between_samples_and_end_with_the_curve():
    first = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 5.0, 2.0, 3.0])
    second = np.array([1.0, 3.0]), np.array([10.0, 20.0])
    found = binned({0: first, 1: second}, 0.0, 4.0, 4)
    np.testing.assert_array_equal(found.highs[0], [5, 5, 2, 3])
    np.testing.assert_array_equal(found.lows[0], [1, 2, 2, 2])
    np.testing.assert_array_equal(found.highs[1], [10, 10, 20, 20])
    late = binned({1: second}, 4.0, 6.0, 2)
    assert np.isnan(late.highs).all()


@pytest.fixture
def shared_run(qapp):
    """Three processes, of which the last is the slowest and the largest."""
    run = RunModel("shared")
    for rank in range(3):
        run.feed(StageStarted(0.0, "linear.fit", "", rank=rank))
        for step in range(20):
            used = (rank + 1) * (step + 1) * MIB
            run.feed(MemorySample(step / 10, "linear.fit", used, None, None, None, None, used, used, rank=rank))
        peaks = StagePeaks((rank + 1) * 20 * MIB, None, None)
        run.feed(StageFinished(2.0 + rank, "linear.fit", 2.0 + rank, peaks, None, communicated_bytes=MIB, rank=rank))
    return run


def test_a_shared_run_shows_its_processes_and_marks_the_slowest(shared_run, qtbot):
    page = LivePage(shared_run, JobModel())
    qtbot.addWidget(page)
    page.resize(900, 640)
    curves, host = page.rank_curves
    assert set(curves.curves) == {"allocated_bytes"}
    assert set(host.curves) == {"rss_bytes", "tensor_ram_bytes"}
    assert sorted(curves.curves["allocated_bytes"]) == [0, 1, 2]
    assert curves.slowest == 2
    assert curves.isVisible()
    assert page.tabs.isTabVisible(2)
    table = page.ranks.model()
    rows = [[table.index(row, column).data() for column in (0, 1, 2, 5, 6)] for row in range(3)]
    assert rows == [
        ["0", "2 s", "20 MiB", "1 MiB", ""],
        ["1", "3 s", "40 MiB", "1 MiB", ""],
        ["2", "4 s", "60 MiB", "1 MiB", "slowest"],
    ]
    assert page.plot.device.top_of(page.plot._samples, 0.0, 2.0) == 60 * MIB
    image = QImage(400, 300, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    curves.draw(painter)
    painter.end()
    assert image != QImage(400, 300, QImage.Format.Format_ARGB32)
    page.plot.device.set_curve_visible("allocated_bytes", False)
    assert not curves.isVisible()
    assert page.plot.device.top_of(page.plot._samples, 0.0, 2.0) == 0
    page.plot.host.set_curve_visible("rss_bytes", False)
    assert set(host.curves) == {"tensor_ram_bytes"}
    assert host.top_of(0.0, 0.95) == 33 * MIB  # the sample after the stretch bounds what is drawn in it


def test_a_run_of_one_process_shows_none(qtbot):
    run = RunModel("one")
    run.feed(MemorySample(0.0, "scan", MIB, None, None, None, None, MIB, MIB))
    page = LivePage(run, JobModel())
    qtbot.addWidget(page)
    assert not any(curves.isVisible() for curves in page.rank_curves)
    assert not page.tabs.isTabVisible(2)
