"""Peak against time: the frontier, choosing and applying a point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from slora_gui.model.forecasting import FrontierPoint
from slora_gui.plots.frontier_plot import FrontierPlot, frontier

MIB = 2**20
POINTS = (
    FrontierPoint(64 * MIB, 60.0, "wide", True),
    FrontierPoint(16 * MIB, 90.0, "narrow", True),
    FrontierPoint(65 * MIB, 95.0, "beaten", False),
    FrontierPoint(512 * MIB, 55.0, "everything", False),
)


@pytest.fixture
def plot(show):
    plot = show(FrontierPlot(), 700, 420)
    plot.set_points(POINTS)
    plot.setFocus()
    return plot


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=12, unique=True))
def test_the_frontier_is_what_no_other_point_beats(pairs):
    points = [FrontierPoint(peak, float(seconds), "", True) for peak, seconds in pairs]
    unbeaten = {
        i
        for i, p in enumerate(points)
        if not any(q.peak_bytes <= p.peak_bytes and q.seconds <= p.seconds and q != p for q in points)
    }
    assert set(frontier(points)) == unbeaten


def test_nothing_measured_is_a_sentence(show):
    assert "No plans yet" in show(FrontierPlot()).empty_sentence


def test_a_click_on_a_point_applies_it(plot, pointer):
    applied = []
    plot.point_activated.connect(applied.append)
    place = plot._dots.places()[3]
    at = plot.canvas.mapFromScene(plot.canvas.view.sceneBoundingRect().topLeft() + place)
    mouse = pointer(plot.canvas.viewport())
    mouse.click(at.x() + 3, at.y() - 2)
    assert applied == [POINTS[3]]
    mouse.click(at.x() - 60, at.y() + 60)
    assert applied == [POINTS[3]]


def test_the_keyboard_walks_by_peak_and_applies(plot, qtbot):
    applied = []
    plot.point_activated.connect(applied.append)
    plot.set_chosen(1)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Return)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert [point.label for point in applied] == ["wide", "narrow"]
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.pointed is None


def test_a_choice_that_is_not_there_is_refused(plot):
    plot.set_chosen(None)
    with pytest.raises(IndexError, match="point 4 of a frontier of 4"):
        plot.set_chosen(4)


def test_every_point_lies_inside_the_plot(plot):
    area = plot._dots.boundingRect()
    assert all(area.contains(place) for place in plot._dots.places())


def test_table_and_text(plot, shouting):
    assert plot.data_table().rows[2] == ("beaten", 65 * MIB, 95.0, False, False)
    assert plot.point_text(0) == "wide · 64 MiB · 1 min 00 s · measured"
    shouting()
    assert plot.point_text(2).endswith("PREDICTED")
