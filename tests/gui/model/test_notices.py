"""One notice a crossing, and budgets that people would type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_core.events import MemorySample, Notice, RunStarted
from slora_gui.model.notices import BudgetWatch, notice_actions, sensible_size
from slora_gui.model.run_model import RunModel

MIB = 1024**2


def _sample(used, reserved=None, t_s=1.0):
    return MemorySample(t_s, "scan", used, reserved, None, None, None, 5, 5)


def _kinds(watch, percents):
    found = [watch.look(_sample(percent)) for percent in percents]
    return [None if notice is None else notice.kind.removeprefix("budget-") for notice in found]


def test_each_mark_is_told_once_a_crossing():
    watch = BudgetWatch(100)
    assert _kinds(watch, [50, 89, 91, 95, 101, 120, 101, 91]) == [None, None, "near", None, "crossed", *[None] * 3]
    assert _kinds(watch, [85, 101]) == [None, None]
    assert _kinds(watch, [79, 91, 100]) == [None, "near", None]
    assert _kinds(watch, [10, 150, 95, 150]) == [None, "crossed", None, None]


def test_the_pool_counts_where_there_is_one():
    watch = BudgetWatch(100)
    assert watch.look(_sample(500, reserved=20)) is None
    assert watch.look(_sample(None)) is None
    notice = watch.look(_sample(20, reserved=95))
    assert notice.data["used_bytes"] == 95


def test_a_notice_offers_to_show_to_raise_and_to_plan_again():
    crossed = BudgetWatch(256 * MIB).look(_sample(300 * MIB, t_s=4.5))
    actions = notice_actions(crossed)
    assert (actions.show_s, actions.raised_budget_bytes, actions.replan) == (4.5, 384 * MIB, True)
    assert BudgetWatch(actions.raised_budget_bytes).look(_sample(300 * MIB)) is None
    assert notice_actions(Notice(1.0, "jitter", "")).raised_budget_bytes is None
    assert notice_actions(Notice(1.0, "budget-crossed", "", data={})).raised_budget_bytes is None


@given(st.integers(1, 2**50))
def test_a_sensible_size_is_near_above_and_stays_itself(size):
    sensible = sensible_size(size)
    assert size <= sensible <= size * 1.25 + 1
    assert sensible_size(sensible) == sensible
    assert bin(sensible).strip("0b").count("1") <= 3


def test_the_line_is_watched_unless_the_engine_watches_it(qtbot):
    model, told = RunModel(), []
    model.changed.connect(told.append)
    model.feed(RunStarted(0.0, "r", "", "optimised", {}, {}, None, 1000))
    model.watch_budget(1000)
    model.feed(_sample(2000))
    assert model.notices == []
    model.watch_budget(500)
    model.feed(_sample(2000, t_s=3.0))
    model.watch_budget(500)
    model.feed(_sample(2000, t_s=4.0))
    model.feed(Notice(2.0, "jitter", "j"))
    assert [notice.kind for notice in model.notices] == ["budget-crossed", "jitter"]
    assert told.count("notices") == 2
    model.watch_budget(None)
    model.feed(_sample(9000, t_s=5.0))
    assert len(model.notices) == 2


def test_a_line_that_turns_out_to_be_the_run_s_own_budget_is_left_to_the_engine(qtbot):
    """As in the window, which shows a run before it has started."""
    model = RunModel()
    model.watch_budget(1000)
    model.feed(RunStarted(0.0, "r", "", "optimised", {}, {}, None, 1000))
    model.feed(_sample(950))
    model.feed(_sample(2000, t_s=3.0))
    assert model.notices == []


@pytest.mark.parametrize("size", [256 * MIB, 320 * MIB, 1024 * MIB])
def test_sizes_people_type_are_sensible(size):
    assert sensible_size(size) == size
