"""Runs over each other."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from slora_gui.plots.compare_plot import ComparePlot

MIB = 2**20


@pytest.fixture
def plot(show, cpu_run, cuda_run):
    plot = show(ComparePlot())
    plot.set_runs([("baseline", cuda_run), ("optimised", cpu_run)])
    return plot


def test_nothing_to_compare_is_a_sentence(show):
    plot = show(ComparePlot())
    assert "Choose two runs" in plot.empty_sentence


def test_runs_are_laid_over_each_other_from_their_starts(plot, cpu_run):
    assert plot.empty_sentence == ""
    assert [series.label for series in plot.series] == ["baseline", "optimised"]
    np.testing.assert_array_equal(plot.series[1].bytes, cpu_run.samples.counter("allocated_bytes"))
    assert plot.view.viewRange()[0] == [0, pytest.approx(59.98)]


def test_a_run_without_the_counter_is_named_and_not_drawn(plot):
    plot.set_counter("reserved_bytes")
    assert [series.label for series in plot.series] == ["baseline"]
    assert list(plot.header.keys) == ["baseline"]
    assert plot.header._note.text() == "not available: optimised"


def test_by_stage_the_peaks_are_those_of_the_counters(plot):
    plot.set_mode("stage")
    table = plot.data_table()
    assert table.columns == ("stage", "baseline: peak_allocated_bytes", "optimised: peak_allocated_bytes")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["linear"] == (3550 * MIB, None)
    assert rows["attention.move"] == (None, 40 * MIB)
    assert plot.view.viewRange()[0] == [0, len(rows)]


def test_by_time_the_table_is_tidy(plot):
    table = plot.data_table()
    assert table.columns == ("run", "t_s", "allocated_bytes")
    assert len(table.rows) == 3100
    assert table.rows[-1] == ("optimised", pytest.approx(9.9), int(plot.series[1].bytes[-1]))


def test_the_pointer_reads_every_run(plot):
    x = 5.0 / 59.98 * plot.view.rect().width()
    plot._point(QPointF(x, 10))
    assert plot.header.keys["optimised"]._value
    plot._point(QPointF(plot.view.rect().width() * 0.5, 10))
    assert plot.header.keys["optimised"]._value == ""
    assert plot.header.keys["baseline"]._value.endswith("GiB")
    plot._point(None)
    assert not plot.crosshair.isVisible()


def test_a_hidden_run_no_longer_sets_the_height(plot):
    assert plot.view.viewRange()[1][1] > 1000 * MIB
    plot.header.keys["baseline"].click()
    assert plot.view.viewRange()[1][1] < 100 * MIB


def test_keys_zoom_move_and_reset(plot, qtbot):
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    low, high = plot.view.viewRange()[0]
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.view.viewRange()[0][0] > low
    assert high - low < 59
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.view.viewRange()[0] == [0, pytest.approx(59.98)]


def test_wrong_names_are_refused(plot):
    with pytest.raises(ValueError, match="expected one of time, stage"):
        plot.set_mode("alphabet")
    with pytest.raises(ValueError, match="'memory'"):
        plot.set_counter("memory")


def test_its_text_follows_the_language(plot, shouting):
    shouting()
    assert plot.accessibleName() == "MEMORY OF THE COMPARED RUNS"
