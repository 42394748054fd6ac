"""Every memory measure off alone: the same result, the peak that the plan says, and the cost that the seed has."""

from __future__ import annotations

import pytest

from slora_core.config import MeasuresConfig, RunConfig
from slora_core.running.planning import plan_config

PAIRS, DIM, CLASSES = 600, 16, 4
CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": PAIRS, "dim": DIM, "classes": CLASSES},
        "operators": {
            "names": ["linear", "weaknonlinear", "attention", "rff"],
            "weaknonlinear": {"steps": 12, "samples": 700},
            "attention": {"samples": 300, "top_k": 40},
            "rff": {"features": 48, "samples": 300},
        },
    }
)
MEASURES = tuple(MeasuresConfig.model_fields)
CACHE_BYTES = 50_000 * DIM * 4
FEATURES_BYTES = 2 * PAIRS * DIM * 4


def switched(name):
    return CONFIG.merged({"measures": {name: not getattr(CONFIG.measures, name)}})


@pytest.fixture
def run(perform, tmp_path):
    def run_with(config, name="out.safetensors"):
        path = str(tmp_path / name)
        return perform(config.merged({"output": {"state": path}})).expect_finished(), path

    return run_with


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_switched_alone_keeps_the_result_and_the_plan(run, deviation, name):
    base, base_path = run(CONFIG, "base.safetensors")
    done, path = run(switched(name))
    assert deviation(base_path, path) <= 1e-6
    assert {stage: done.peaks[stage] for stage in done.predicted} == done.predicted
    assert base.predicted == {stage: base.peaks[stage] for stage in base.predicted}


@pytest.mark.parametrize("name", MEASURES)
def test_the_smallest_feasible_budget_holds_with_a_measure_off(run, name):
    config = switched(name)
    smallest = plan_config(config).plan.smallest_feasible_bytes
    done, _ = run(config.merged({"memory": {"budget": smallest}}))
    assert done.final.within_budget is True
    assert {stage: done.peaks[stage] for stage in done.predicted} == done.predicted


def test_without_the_feature_cache_the_seeds_dead_cache_is_held_throughout(run):
    base, _ = run(CONFIG)
    done, _ = run(switched("feature_cache"))
    for stage, peak in base.peaks.items():
        assert done.peaks[stage] == peak + CACHE_BYTES


def test_without_progressive_release_the_features_are_held_and_twice_while_they_are_joined(run):
    base, _ = run(CONFIG)
    done, _ = run(switched("progressive_release"))
    assert done.peaks["load"] == 2 * FEATURES_BYTES
    for stage in ("linear.fit", "linear.move", "attention.move", "rff.move", "weaknonlinear.move"):
        assert done.peaks[stage] == base.peaks[stage] + FEATURES_BYTES


def test_without_tiles_the_attention_materialises_the_seeds_product(run):
    done, _ = run(switched("tiled_attention"))
    product = 128 * PAIRS * DIM * 4
    rest = 6 * 128 * PAIRS * 4 + 2 * FEATURES_BYTES + 5 * 300 * DIM * 4
    assert product < done.peaks["attention.move"] < product + rest


def test_without_the_device_split_all_class_statistics_lie_on_the_device(run):
    base, _ = run(CONFIG)
    done, _ = run(switched("device_split"))
    for operator in ("linear", "weaknonlinear", "attention", "rff"):
        held = CLASSES * (DIM + DIM * DIM) * 4
        assert done.peaks[f"{operator}.move"] == base.peaks[f"{operator}.move"] + held


def test_without_the_budget_manager_the_chunk_is_the_seeds(run):
    done, _ = run(switched("adaptive_budget"))
    choices = {stage["stage"]: stage["choice"] for stage in done.plan["stages"]}
    for stage in ("weaknonlinear.move", "attention.move", "rff.move"):
        assert choices[stage]["chunk"] == 128, stage


def test_without_release_at_stage_borders_memory_only_grows(run):
    done, _ = run(switched("stage_release"))
    stages = [stage["stage"] for stage in done.plan["stages"]]
    before = 0
    for finished in (event for event in done.events if getattr(event, "live_after_bytes", None) is not None):
        if finished.stage in stages:
            assert finished.live_after_bytes >= before, finished.stage
            before = finished.live_after_bytes
    base, _ = run(CONFIG)
    assert before > 0
    assert done.peaks["rff.move"] > base.peaks["rff.move"]
    assert done.final.peaks.allocated_bytes > base.final.peaks.allocated_bytes


def test_without_weak_chunks_all_samples_of_a_class_pass_at_once(run):
    done, _ = run(switched("weak_chunks"))
    choices = {stage["stage"]: stage["choice"] for stage in done.plan["stages"]}
    assert choices["weaknonlinear.move"] == {"classes": 1, "chunk": 700}


@pytest.mark.parametrize("name", ["mixed_precision", "activation_checkpointing"])
def test_a_measure_of_models_says_that_no_model_runs(run, name):
    done, _ = run(switched(name))
    assert [(notice.kind, name in notice.message) for notice in done.notices] == [("no-effect", True)]
    assert run(CONFIG)[0].notices == []


def test_all_measures_off_is_the_worst_and_still_the_same(run, deviation):
    _, base_path = run(CONFIG, "base.safetensors")
    off = dict.fromkeys(MEASURES, False)
    done, path = run(CONFIG.merged({"measures": off}))
    assert deviation(base_path, path) <= 1e-6
    assert {stage: done.peaks[stage] for stage in done.predicted} == done.predicted
