"""The budget: slider, box and refusal, both ways with the job."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest

from slora_core.errors import ConfigError
from slora_core.memory.device import CPU_PROFILE
from slora_core.running.planning import plan_config
from slora_gui.model.forecasting import forecast
from slora_gui.views.budget_control import BudgetControl
from slora_gui.views.budget_steps import HIGHEST_BYTES, LOWEST_BYTES, budget_steps, nearest_step
from slora_gui.views.size_edit import parse_budget

MIB, GIB = 1024**2, 1024**3


@pytest.fixture
def control(job, qtbot):
    control = BudgetControl(job)
    control.set_forecast(forecast(job.config, CPU_PROFILE))
    qtbot.addWidget(control)
    return control


def enter(edit, text):
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("256MiB", 256 * MIB), ("8GB", 8 * 10**9), ("0.5g", GIB // 2), ("unlimited", None), (" ", None)],
)
def test_sizes_are_taken_as_people_write_them(control, job, text, expected):
    job.change({"memory": {"budget": "33MiB"}}, "start")
    enter(control.box.edit, text)
    assert job.config.memory.budget == expected


@pytest.mark.parametrize("text", ["much", "-3 GiB", "0", "12 parsecs"])
def test_what_is_no_size_is_refused_in_place_and_kept_for_correction(control, job, text):
    enter(control.box.edit, text)
    assert job.config.memory.budget is None
    assert not control.box.refusal.isHidden()
    assert text in control.box.refusal.text()
    assert control.box.edit.text() == text
    QTest.keyClick(control.box.edit, Qt.Key.Key_Escape)
    assert control.box.refusal.isHidden()
    assert control.box.edit.text() == "unlimited"


def test_a_drag_of_the_slider_is_one_step_of_undo_and_the_box_follows(control, job):
    control.slider.sliderPressed.emit()
    for position in (3, 4, 5):
        control.slider.setValue(position)
    budget = job.config.memory.budget
    assert budget is not None
    assert parse_budget(control.box.edit.text()) == budget
    control.slider.sliderPressed.emit()
    control.slider.setValue(7)
    job.undo_stack.undo()
    assert job.config.memory.budget == budget
    assert control.slider.value() == 5
    job.undo_stack.undo()
    assert job.config.memory.budget is None
    assert control.slider.value() == control.slider.maximum()


def test_a_change_of_the_job_moves_slider_and_box_without_an_echo(control, job):
    spy = QSignalSpy(job.changed)
    job.change({"memory": {"budget": "32MiB"}}, "from the plot")
    assert spy.count() == 1
    assert control.box.edit.text() == "32 MiB"
    assert control.slider.value() < control.slider.maximum()


def test_a_budget_that_is_too_small_can_be_raised_to_one_that_the_planner_accepts(control, job):
    job.change({"memory": {"budget": "64KiB"}}, "too small")
    control.set_forecast(forecast(job.config, CPU_PROFILE))
    assert not control.raise_button.isHidden()
    assert "Too small" in control.verdict.text()
    control.raise_button.click()
    assert plan_config(job.config, CPU_PROFILE).plan.feasible
    control.set_forecast(forecast(job.config, CPU_PROFILE))
    assert control.raise_button.isHidden()


def test_a_budget_outside_the_range_widens_the_slider(control, job):
    job.change({"memory": {"budget": 200 * GIB}}, "huge")
    control.set_device_total(None)
    assert control._steps[nearest_step(control._steps, 200 * GIB)] in (192 * GIB, 224 * GIB)


@given(st.integers(LOWEST_BYTES, HIGHEST_BYTES), st.integers(LOWEST_BYTES, HIGHEST_BYTES))
def test_steps_ascend_and_leave_room_on_both_sides(smallest, ample):
    steps = budget_steps(smallest, ample)
    assert list(steps) == sorted(set(steps))
    assert steps[0] <= smallest
    assert steps[-1] >= min(ample, HIGHEST_BYTES)
    assert all(steps[nearest_step(steps, step)] == step for step in steps)


def test_zero_is_no_budget():
    with pytest.raises(ConfigError, match="zero"):
        parse_budget("0 MiB")
