"""The stretch of time in view: whole runs, growing runs, and a view that the user has moved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_gui.plots.time_range import TimeRange


@pytest.fixture
def finished():
    view = TimeRange()
    view.set_data_end(100.0, growing=False)
    return view


def test_a_finished_run_is_shown_whole(finished):
    assert (finished.start_s, finished.end_s) == (0.0, 100.0)


def test_a_growing_run_moves_its_edge_in_few_steps():
    view, edges = TimeRange(), set()
    for tick in range(1, 6000):
        view.set_data_end(tick / 50, growing=True)
        assert view.start_s == 0
        assert view.end_s >= tick / 50
        edges.add(view.end_s)
    assert len(edges) < 40
    assert view.end_s < 1.25 * 120


@given(st.lists(st.tuples(st.floats(0.05, 20), st.floats(0, 100), st.floats(-80, 80)), max_size=12))
def test_no_movement_leaves_the_run(moves):
    view = TimeRange()
    view.set_data_end(100.0, growing=False)
    for factor, center, shift in moves:
        view.zoom(factor, min(max(center, view.start_s), view.end_s))
        view.pan(shift)
        assert -1e-9 <= view.start_s < view.end_s <= 100 + 1e-9


def test_zoom_keeps_the_moment_under_the_pointer(finished):
    finished.zoom(0.5, 40.0)
    assert (finished.start_s, finished.end_s) == (20.0, 70.0)


def test_a_view_of_the_past_stays_while_the_run_grows():
    view = TimeRange()
    view.set_data_end(100.0, growing=True)
    view.show(20.0, 30.0)
    assert not view.set_data_end(200.0, growing=True)
    assert (view.start_s, view.end_s) == (20.0, 30.0)
    view.reset()
    assert view.start_s == 0
    assert view.end_s >= 200


def test_a_close_view_of_the_latest_follows_at_its_width():
    view = TimeRange()
    view.set_data_end(100.0, growing=True)
    view.show(95.0, 100.5)
    assert view.set_data_end(103.0, growing=True)
    assert view.end_s - view.start_s == pytest.approx(5.5)
    assert view.start_s < 103.0 <= view.end_s
