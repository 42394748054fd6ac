"""The policy tuned: it takes what was measured where that fits, and never changes a result."""

from __future__ import annotations

import dataclasses

import pytest

from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, MeasuredOption
from slora_core.memory.machine import cpu_name
from slora_core.memory.planner import bound_bytes, frontier
from slora_core.memory.tuning import tuning_path, write_tuning
from slora_core.running.measured import choice_key, stage_settings
from slora_core.running.planning import plan_config, round_requests
from slora_core.types import Workload

CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 300, "dim": 12, "classes": 5},
        "operators": {
            "names": ["linear", "weaknonlinear", "attention", "rff"],
            "weaknonlinear": {"steps": 9, "samples": 150},
            "attention": {"samples": 120, "top_k": 30},
            "rff": {"features": 32, "samples": 120},
        },
        "memory": {"policy": "tuned"},
        "run": {"device": "cpu"},
    }
)
WORKLOAD = Workload(300, 12, 5)
REQUESTS = {request.stage: request for request in round_requests(CONFIG, WORKLOAD, CPU_PROFILE, "")}


def measured(stage, option, ratio, pairs=300):
    choice = choice_key(option.choice, WORKLOAD)
    return MeasuredOption(stage, stage_settings(stage, CONFIG), 12, pairs, choice, ratio)


def profile(*options):
    return dataclasses.replace(CPU_PROFILE, measured=options)


def slowest(stage):
    return max(REQUESTS[stage].options, key=lambda option: option.seconds)


def test_nothing_measured_is_as_planned_but_for_the_name():
    tuned = plan_config(CONFIG, CPU_PROFILE).plan
    planned = plan_config(CONFIG.merged({"memory": {"policy": "planned"}}), CPU_PROFILE).plan
    assert dataclasses.replace(tuned, policy="planned") == planned


def test_a_measured_option_is_taken_with_its_measured_seconds():
    option = slowest("attention.move")
    plan = plan_config(CONFIG, profile(measured("attention.move", option, 3.0))).plan
    assert plan.stage("attention.move").choice == option.choice
    assert plan.stage("attention.move").seconds == pytest.approx(3.0 * option.seconds)


def test_of_several_the_fastest_as_measured_is_taken():
    first, second = REQUESTS["weaknonlinear.move"].options[:2]
    ratio = first.seconds / second.seconds
    entries = (measured("weaknonlinear.move", first, 1.0), measured("weaknonlinear.move", second, 0.5 * ratio))
    assert plan_config(CONFIG, profile(*entries)).plan.stage("weaknonlinear.move").choice == second.choice


def test_where_no_measured_option_fits_the_budget_the_model_decides_and_feasibility_is_unchanged():
    largest = max(REQUESTS["attention.move"].options, key=lambda option: option.footprint.peak_bytes())
    device = profile(measured("attention.move", largest, 1e-3))
    budget = plan_config(CONFIG, CPU_PROFILE).plan.smallest_feasible_bytes
    assert budget < bound_bytes(largest.footprint.peak_bytes(), CPU_PROFILE)

    plan = plan_config(CONFIG.merged({"memory": {"budget": budget}}), device).plan

    assert plan.feasible
    assert plan.smallest_feasible_bytes == budget
    assert plan.stage("attention.move").choice != largest.choice


@pytest.mark.parametrize(("pairs", "taken"), [(160, True), (590, True), (140, False), (610, False)])
def test_a_measurement_serves_sizes_near_its_own(pairs, taken):
    option = slowest("rff.fit")
    plan = plan_config(CONFIG, profile(measured("rff.fit", option, 1.0, pairs))).plan
    assert (plan.stage("rff.fit").choice == option.choice) is taken


def test_other_settings_of_the_operator_are_not_what_was_measured():
    option = slowest("attention.move")
    device = profile(measured("attention.move", option, 1e-3))
    other = CONFIG.merged({"operators": {"attention": {"top_k": 31}}})
    assert plan_config(other, device).plan.stage("attention.move").choice != option.choice
    linear = CONFIG.merged({"operators": {"linear": {"gamma": 0.2}}})
    assert plan_config(linear, device).plan.stage("attention.move").choice == option.choice


def test_the_frontier_of_the_tuned_policy_is_over_measured_options():
    entries = [measured("attention.move", option, 1.0) for option in REQUESTS["attention.move"].options[::7]]
    job = plan_config(CONFIG, profile(*entries))
    points = frontier(job.counted, device=CPU_PROFILE, base_bytes=job.base_bytes, policy="tuned")
    assert [peak for peak, _ in points] == sorted(peak for peak, _ in points)
    assert points[-1][1] <= job.plan.seconds * 1.0001


def test_no_measured_option_changes_a_result(perform, deviation, tmp_path, monkeypatch):
    """Every stage forced to the option that the plan would take last."""
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))
    base, other = (str(tmp_path / name) for name in ("base.safetensors", "tuned.safetensors"))
    perform(CONFIG.merged({"output": {"state": base}})).expect_finished()
    entries = [measured(stage, slowest(stage), 1e-3) for stage in REQUESTS]
    write_tuning(tuning_path("cpu", cpu_name(), 0), {}, {"gemm32": 1e9, "op_s": 1e-3}, entries)

    done = perform(CONFIG.merged({"output": {"state": other}})).expect_finished()

    chosen = {stage["stage"]: stage["choice"] for stage in done.plan["stages"]}
    assert chosen == {stage: dataclasses.asdict(slowest(stage).choice) for stage in REQUESTS}
    assert deviation(base, other) <= 1e-6
    assert {stage: done.peaks[stage] for stage in done.predicted} == done.predicted
