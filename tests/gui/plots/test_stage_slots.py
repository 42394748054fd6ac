"""Runs over each other stage by stage."""

from __future__ import annotations

import numpy as np

from slora_gui.plots.stage_slots import extremes, inner_stages, into_slots, slot_bands, slot_names, slot_peaks


def test_parents_and_unfinished_stages_have_no_slot(parts):
    stage = parts["stage"]
    stages = [stage("a", 0, 5, 9), stage("a.fit", 0, 2, 4), stage("a.move", 2, 3, 9), stage("b", 5, None)]
    assert [s.stage for s in inner_stages(stages)] == ["a.fit", "a.move"]


def test_slots_follow_the_first_run_and_take_in_what_others_have(parts):
    stage = parts["stage"]
    first = [stage("scan", 0, 1), stage("fit", 1, 1), stage("move", 2, 1)]
    second = [stage("fit", 0, 1), stage("cache", 1, 1), stage("move", 2, 1), stage("write", 3, 1)]
    assert slot_names([first, second]) == ["scan", "fit", "cache", "move", "write"]


def test_neighbours_share_the_stripe_of_their_parent():
    bands = [(b.start_s, b.end_s, b.stage, b.depth) for b in slot_bands(["t1.a.fit", "t1.a.move", "t1.b", "t2"])]
    assert bands == [
        (0, 3, "t1", 0),
        (3, 4, "t2", 0),
        (0, 2, "t1.a", 1),
        (2, 3, "t1.b", 1),
        (0, 1, "t1.a.fit", 2),
        (1, 2, "t1.a.move", 2),
    ]


def test_samples_land_in_their_slot_at_their_share_of_its_time(parts):
    stage = parts["stage"]
    t_s = np.arange(0, 10, 0.5)
    stages = [stage("a", 1.0, 2.0, 5), stage("b", 5.0, 4.0, 8)]
    x, y = into_slots(t_s, t_s, stages, ["b", "missing", "a"])
    assert np.all(np.diff(x) >= 0)
    known = ~np.isnan(y)
    in_b, in_a = known & (x < 1), known & (x >= 2)
    np.testing.assert_allclose(y[in_b], 5.0 + 4.0 * x[in_b])
    np.testing.assert_allclose(y[in_a], 1.0 + 2.0 * (x[in_a] - 2))
    assert np.isnan(y[x == 1.0]).any()
    assert slot_peaks(stages, ["b", "missing", "a"], "allocated_bytes") == {0: 8, 2: 5}
    assert slot_peaks(stages, ["b"], "reserved_bytes") == {}


def test_thinning_keeps_the_extremes():
    values = np.random.default_rng(0).random(10_007)
    values[1234], values[77] = 9.0, np.nan
    t_s, thinned = extremes(np.arange(10_007.0), values, 300)
    assert len(t_s) == len(thinned) < 500
    assert np.nanmax(thinned) == 9.0
    assert np.nanmin(thinned) == np.nanmin(values)
    assert np.all(np.diff(t_s) >= 0)
