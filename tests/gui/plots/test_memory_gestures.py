"""The memory plot under the mouse and from the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from slora_core.memory.sizes import format_size, parse_size
from slora_gui.plots.memory_plot import MemoryPlot

MIB = 2**20
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def plot(show, cpu_run):
    plot = show(MemoryPlot())
    plot.set_run(cpu_run)
    plot.set_budget(32 * MIB)
    plot.setFocus()
    return plot


@pytest.fixture
def seen(plot):
    """What the plot has emitted, by signal."""
    seen = {name: [] for name in ("budget_dragged", "budget_released", "region_changed", "hovered")}
    for name, values in seen.items():
        getattr(plot, name).connect(values.append)
    return seen


def _at(panel, t_s, value=0.0):
    """Pixel of the viewport at a time and a value."""
    scene = panel.view.mapViewToScene(QPointF(t_s, value))
    point = panel.plot.mapFromScene(scene)
    return point.x(), point.y()


def test_the_budget_line_is_dragged_in_sensible_sizes(plot, seen, pointer):
    start, end = _at(plot.device, 5, 32 * MIB), _at(plot.device, 5, 21.2 * MIB)
    middle = (start[0], (start[1] + end[1]) // 2)
    pointer(plot.device.plot.viewport()).drag([start, (start[0], start[1] + 12), middle, end])
    assert len(seen["budget_dragged"]) >= 2
    assert all(parse_size(format_size(size)) == size for size in seen["budget_dragged"])
    assert seen["budget_released"] == [seen["budget_dragged"][-1]]
    assert seen["budget_released"][0] == pytest.approx(21 * MIB, abs=MIB)
    assert plot.budget.budget_bytes == seen["budget_released"][0]


def test_shift_drags_it_freely(plot, seen, pointer):
    start = _at(plot.device, 5, 32 * MIB)
    pointer(plot.device.plot.viewport()).drag([start, (start[0], start[1] + 20), (start[0], start[1] + 41)], SHIFT)
    (released,) = seen["budget_released"]
    assert parse_size(format_size(released)) != released
    assert seen["region_changed"] == []


def test_a_budget_above_the_view_is_fetched_from_the_edge(plot, seen, pointer):
    plot.set_budget(8192 * MIB)
    x, _ = _at(plot.device, 5)
    top = plot.device.plot.mapFromScene(plot.device.view.sceneBoundingRect().topLeft()).y()
    pointer(plot.device.plot.viewport()).drag([(x, top + 2), (x, top + 40), (x, top + 120)])
    assert seen["budget_released"][0] < plot.device.view.viewRange()[1][1]


def test_dragging_beyond_the_top_makes_room(plot, seen, pointer):
    before = plot.device.view.viewRange()[1][1]
    start = _at(plot.device, 5, 32 * MIB)
    points = [start, (start[0], start[1] - 15), *((start[0], -20 - step) for step in range(12))]
    pointer(plot.device.plot.viewport()).drag(points)
    assert seen["budget_released"][0] > before
    assert plot.device.view.viewRange()[1][1] > seen["budget_released"][0]
    plot.set_budget(seen["budget_released"][0])
    assert plot.device.view.viewRange()[1][1] > seen["budget_released"][0]


def test_a_budget_set_elsewhere_does_not_tear_the_line_from_the_hand(plot):
    plot.budget.dragging = True
    plot.set_budget(MIB)
    assert plot.budget.budget_bytes == 32 * MIB
    plot.budget.dragging = False
    plot.set_budget(None)
    assert not plot.budget.isVisible()
    plot.focus_budget(True)
    assert not plot.budget_focused


def test_the_label_tells_size_and_share(plot, shouting):
    assert plot._budget_text(512 * MIB) == "budget 512 MiB"
    plot.set_device("cuda", "Card", 4096 * MIB)
    assert plot._budget_text(512 * MIB) == "budget 512 MiB, 12 % of device"
    assert plot._budget_text(6 * 1024 * MIB) == "budget 6 GiB, 150 % of device"
    assert plot._budget_text(16 * MIB) == "budget 16 MiB, 0.39 % of device"
    shouting()
    assert plot._budget_text(512 * MIB).startswith("BUDGET")


def test_hovering_reads_every_curve_at_the_nearest_sample(plot, seen, pointer, cpu_run):
    mouse = pointer(plot.host.plot.viewport())
    mouse.move(*_at(plot.host, 7.32))
    readout = seen["hovered"][-1]
    assert readout.t_s == pytest.approx(7.3)
    assert readout.stage == "attention.move"
    expected = {name: int(cpu_run.samples.counter(name)[73]) for name in cpu_run.samples.columns}
    assert readout.values == expected
    assert plot.device.crosshair.isVisible()
    assert plot.device.header.keys["allocated_bytes"]._value == format_size(expected["allocated_bytes"])
    mouse.leave()
    assert seen["hovered"][-1] is None
    assert not plot.device.crosshair.isVisible()
    last = format_size(int(cpu_run.samples.counter("allocated_bytes")[-1]))
    assert plot.device.header.keys["allocated_bytes"]._value == last


def test_arrows_walk_from_sample_to_sample_and_from_stage_to_stage(plot, seen, qtbot):
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    first = seen["hovered"][-1].t_s
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert seen["hovered"][-1].t_s == pytest.approx(first + 0.1)
    qtbot.keyClick(plot, Qt.Key.Key_Left, SHIFT)
    assert seen["hovered"][-1].t_s == pytest.approx(first + 0.1 - 1.0)
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert seen["hovered"][-1].t_s == pytest.approx(5.0)
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert seen["hovered"][-1].t_s == pytest.approx(6.0)
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert seen["hovered"][-1] is None


def test_the_crosshair_stays_in_view(plot, qtbot):
    plot.zoom_view(0.1, 2.0)
    plot.hover.move_to(9.0)
    low, high = plot.device.view.viewRange()[0]
    assert low <= 9.0 <= high


def test_keys_zoom_and_reset_both_panels(plot, qtbot):
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.device.view.viewRange()[0] == plot.host.view.viewRange()[0]
    assert plot.time_span_s < 9.9
    qtbot.keyClick(plot, Qt.Key.Key_Minus)
    assert plot.time_span_s == pytest.approx(9.9)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.host.view.viewRange()[0] == [0, pytest.approx(9.9)]


def test_the_budget_is_moved_from_the_keyboard(plot, seen, qtbot):
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert seen["budget_dragged"] == []
    qtbot.keyClick(plot, Qt.Key.Key_B)
    assert plot.budget_focused
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    qtbot.keyClick(plot, Qt.Key.Key_Down)
    up, down = seen["budget_dragged"]
    assert up > 32 * MIB
    assert down == 32 * MIB
    assert seen["budget_released"] == [up, down]
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert not plot.budget_focused
    assert seen["region_changed"] == []


def test_a_region_is_marked_read_zoomed_to_and_dropped(plot, seen, pointer, qtbot):
    pointer(plot.device.plot.viewport()).drag(
        [_at(plot.device, 2.0, MIB), _at(plot.device, 3.0, MIB), _at(plot.device, 6.0, MIB)], SHIFT
    )
    region = seen["region_changed"][-1]
    assert region.start_s == pytest.approx(2.0, abs=0.05)
    assert region.end_s == pytest.approx(6.0, abs=0.05)
    assert region.curves["allocated_bytes"].min_bytes == 8 * MIB
    assert region.stages[0] == "scan"
    assert plot.host.region.getRegion() == plot.device.region.getRegion()
    plot.host.region.setRegion((1.0, 4.0))
    assert seen["region_changed"][-1].seconds == pytest.approx(3.0)
    assert plot.device.region.getRegion() == (1.0, 4.0)
    qtbot.keyClick(plot, Qt.Key.Key_Z)
    assert plot.device.view.viewRange()[0] == [1.0, 4.0]
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert seen["region_changed"][-1] is None
    qtbot.keyClick(plot, Qt.Key.Key_R)
    assert seen["region_changed"][-1].seconds == pytest.approx(1.0)


def test_a_drag_pans_and_a_double_click_resets(plot, pointer):
    plot.zoom_view(0.25, 5.0)
    span = plot.time_span_s
    before = plot.host.view.viewRange()[0][0]
    pointer(plot.host.plot.viewport()).drag([(600, 100), (560, 100), (500, 100)])
    assert plot.host.view.viewRange()[0][0] > before
    assert plot.time_span_s == pytest.approx(span)
    plot.host.view.reset_requested.emit()
    assert plot.time_span_s == pytest.approx(9.9)
