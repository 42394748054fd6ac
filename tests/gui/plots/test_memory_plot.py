"""The memory plot: what it shows of a run, and what it leaves out."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtGui import QFont

from slora_gui.model.run_model import RunModel
from slora_gui.plots.memory_plot import MemoryPlot
from slora_gui.plots.style import plot_theme
from slora_gui.theme import load_theme

MIB, GIB = 2**20, 2**30


@pytest.fixture
def plot(show):
    return show(MemoryPlot())


def _keys(plot):
    keys = {**plot.device.header.keys, **plot.host.header.keys}
    return {name for name, key in keys.items() if not key.isHidden()}


def _drawn(plot):
    return {*plot.device.curves.names, *plot.host.curves.names}


def test_without_a_run_there_is_a_sentence_and_no_axes(plot):
    assert "No run yet" in plot.empty_sentence
    assert not plot.content.isVisible()
    plot.set_budget(64 * MIB)
    assert plot.empty_sentence == ""
    assert plot.content.isVisible()


def test_what_is_not_available_is_absent_from_plot_and_key(plot, cpu_run):
    plot.set_run(cpu_run)
    available = {"allocated_bytes", "rss_bytes", "tensor_ram_bytes"}
    assert _keys(plot) == available
    assert _drawn(plot) == available
    assert set(plot.data_table().columns[2:]) == available


def test_the_device_panel_says_that_it_shows_the_cpu(plot, cpu_run, cuda_run):
    plot.set_device("cpu", "Processor", None)
    assert "CPU" in plot.device.header.title
    plot.set_device("cuda", "Card", None)
    assert plot.device.header.title == "Compute device"
    plot.set_device("cpu", "Processor", None)
    starting = RunModel("a run")
    plot.set_run(starting)
    assert "CPU" in plot.device.header.title
    plot.set_run(cuda_run)
    assert plot.device.header.title == "Compute device"
    plot.set_run(cpu_run)
    assert "Tensor memory on the CPU" in plot.device.header.title


def _values_written(markers):
    painter = MagicMock()
    painter.font.return_value = QFont()
    markers.draw(painter)
    return [call.args[0] for call in painter.drawText.call_args_list]


def test_no_value_of_a_peak_is_written_where_the_predicted_peak_is(plot, cpu_run):
    plot.set_run(cpu_run)
    free = _values_written(plot.device.peaks)
    assert free
    plot.device.peaks.set_occupied(free[0])
    beside = _values_written(plot.device.peaks)
    assert free[0] not in beside
    assert all(not place.intersects(free[0]) for place in beside)
    told = []
    plot.device.peaks.set_occupied = plot.forecast._label_moved = told.append
    plot.set_forecast(20 * MIB)
    assert told[-1].width() > 0
    plot.set_forecast(None)
    assert told[-1].isEmpty()


def test_peaks_are_those_of_the_counters_of_inner_stages(plot, cpu_run, cuda_run):
    plot.set_run(cpu_run)
    peaks = {peak.stage: peak.value_bytes for peak in plot.device.peaks.peaks}
    assert peaks == {"scan": 9 * MIB, "attention.fit": 20 * MIB, "attention.move": 40 * MIB}
    assert max(cpu_run.samples.counter("allocated_bytes")) < 40 * MIB
    assert {peak.stage: peak.value_bytes for peak in plot.host.peaks.peaks}["attention.move"] == 350 * MIB
    plot.set_run(cuda_run)
    assert {peak.value_bytes for peak in plot.device.peaks.peaks} == {3600 * MIB}
    plot.device.set_curve_visible("reserved_bytes", False)
    assert {peak.value_bytes for peak in plot.device.peaks.peaks} == {3550 * MIB, 3400 * MIB, 3510 * MIB}


def test_everything_shown_fits_the_height(plot, cpu_run):
    plot.set_run(cpu_run)
    plot.set_budget(48 * MIB)
    plot.set_forecast(44 * MIB)
    low, high = plot.device.view.viewRange()[1]
    assert low == 0
    assert 48 * MIB < high < 96 * MIB
    plot.set_budget(8 * GIB)
    assert plot.device.view.viewRange()[1][1] < 96 * MIB


def test_a_toggled_curve_leaves_and_comes_back(plot, cuda_run):
    plot.set_run(cuda_run)
    key = plot.device.header.keys["device_used_bytes"]
    before = plot.device.view.viewRange()[1][1]
    key.click()
    assert "device_used_bytes" not in _drawn(plot)
    assert "device_used_bytes" in _keys(plot)
    plot.reset_view()
    assert plot.device.view.viewRange()[1][1] < before
    key.click()
    assert "device_used_bytes" in _drawn(plot)


def test_the_curve_is_thinned_but_keeps_its_spike(plot, parts):
    t_s = np.arange(100_000) / 50
    values = np.full(len(t_s), 100.0 * MIB)
    values[61_803] = 900 * MIB
    plot.set_run(parts["Run"](parts["Store"](t_s, allocated_bytes=values)))
    layer = plot.device.curves
    ((name, drawn_s, drawn),) = layer.shown(layer.layout_at(1.0), 0.0, layer.boundingRect().width())
    assert name == "allocated_bytes"
    assert len(drawn_s) == len(drawn) < 5_000
    assert drawn.max() == 900 * MIB


def test_refresh_takes_over_what_is_new_and_only_that(plot, cpu_run):
    cpu_run.status = "running"
    plot.set_run(cpu_run)
    before = plot._samples
    plot.refresh()
    assert plot._samples is before
    cpu_run.samples.grow(12.0, allocated_bytes=90 * MIB)
    cpu_run.status = "finished"
    plot.refresh()
    assert len(plot._samples) == 101
    assert plot.device.view.viewRange()[0] == [0, 12.0]


def test_a_stage_that_ends_brings_its_marker(plot, cpu_run, parts):
    cpu_run.status = "running"
    cpu_run.stages.append(parts["stage"]("write", 9.9, None))
    plot.set_run(cpu_run)
    assert "write" not in {peak.stage for peak in plot.device.peaks.peaks}
    assert plot._samples.stages.at(50.0) == "write"
    cpu_run.stages[-1] = parts["stage"]("write", 9.9, 2.0, 55 * MIB)
    cpu_run.changed.emit("stages")
    cpu_run.status = "finished"
    plot.refresh()
    assert {peak.stage: peak.value_bytes for peak in plot.device.peaks.peaks}["write"] == 55 * MIB


def test_pausing_stops_the_view_and_not_the_capture(plot, cpu_run):
    cpu_run.status = "running"
    plot.set_run(cpu_run)
    plot.set_paused(True)
    cpu_run.samples.grow(30.0, allocated_bytes=MIB)
    plot.refresh()
    assert len(plot._samples) == 100
    assert plot.device.header._note.text() == "view paused"
    plot.set_paused(False)
    assert len(plot._samples) == 101
    assert plot.device.header._note.isHidden()
    assert plot.device.view.viewRange()[0][1] >= 30


def test_another_run_replaces_the_first_altogether(plot, cpu_run, cuda_run):
    plot.set_run(cpu_run)
    plot.region.show(1, 2)
    plot.set_run(cuda_run)
    assert plot.region.span_s is None
    assert plot.device.view.viewRange()[0] == [0, pytest.approx(59.98)]
    cpu_run.changed.emit("stages")
    assert not plot._stages_changed
    plot.set_run(cpu_run)
    assert plot.device.view.viewRange()[0] == [0, pytest.approx(9.9)]
    plot.set_run(None)
    assert "No run yet" in plot.empty_sentence
    assert _drawn(plot) == set()


def test_the_table_holds_every_sample_in_full(plot, cuda_run):
    plot.set_run(cuda_run)
    table = plot.data_table()
    assert table.columns[:2] == ("t_s", "stage")
    assert len(table.rows) == 3000
    row = dict(zip(table.columns, table.rows[100], strict=True))
    assert row["t_s"] == 2.0
    assert row["stage"] == "linear"
    assert row["process_bytes"] is None
    assert row["allocated_bytes"] == int(cuda_run.samples.counter("allocated_bytes")[100])


def test_the_language_changes_without_a_restart(plot, cpu_run, shouting):
    plot.set_run(cpu_run)
    plot.set_budget(64 * MIB)
    assert plot.device.header.keys["allocated_bytes"].text() == "allocated"
    shouting()
    assert plot.device.header.keys["allocated_bytes"].text() == "ALLOCATED"
    assert plot.host.header.title == "HOST RAM"
    assert plot.accessibleName() == "MEMORY OF THE RUN OVER TIME"


def test_a_theme_colours_everything(plot, cpu_run):
    plot.set_run(cpu_run)
    chosen = load_theme("dark")
    plot.set_theme(plot_theme(chosen.colors, chosen.dark))
    picture = plot.grab().toImage()
    assert picture.pixelColor(picture.width() // 2, 2).name() == chosen.colors["surface"]
    axis_end = plot.device.plot.mapTo(plot, plot.device.plot.rect().topLeft())
    assert picture.pixelColor(axis_end.x() + 1, axis_end.y() + 1).name() == chosen.colors["surface"]


def test_a_run_without_samples_shows_its_markers(plot, parts):
    run = parts["Run"](parts["Store"](), [parts["stage"]("linear", 0.0, 4.0, 9 * MIB)])
    run.bands = lambda: [parts["Band"](0.0, 4.0, "linear", 0)]
    plot.set_run(run)
    assert [peak.value_bytes for peak in plot.device.peaks.peaks] == [9 * MIB]
    plot.walk_samples(1)
    plot.walk_stages(1)
    assert plot.hover.t_s is None
    assert len(plot.data_table().rows) == 0
