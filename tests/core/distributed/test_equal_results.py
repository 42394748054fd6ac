"""Several ranks give the results of one process; ranks are threads here, test_processes.py has real ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.errors import BudgetRefused, InputError
from slora_core.events import RunFinished, RunStarted, StageFinished, TaskFinished
from slora_core.running.planning import plan_config

from .thread_peers import finished, run_ranks

TOLERANCE = 1e-6


@pytest.fixture
def one_process(make_job, tmp_path):
    """A job, and its events and state file when one process runs it."""
    job = make_job(tmp_path / "one.safetensors")
    events = []
    pipeline.execute(job, events.append, CancelToken())
    return job, events


def elsewhere(job, path, **sections):
    return job.merged({"output": {"state": str(path)}, **sections})


@pytest.mark.parametrize("size", [2, 3, 4, 7])
def test_any_number_of_ranks_gives_the_statistics_of_one(one_process, tmp_path, deviation, size):
    """203 pairs and 5 classes divide by none of these, and 7 ranks are more than there are classes."""
    job, _ = one_process
    events = finished(elsewhere(job, tmp_path / "many.safetensors"), size)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= TOLERANCE
    assert len([event for event in events[0] if isinstance(event, TaskFinished)]) == 1


def test_the_same_ranks_give_the_same_bits(one_process, tmp_path):
    job, _ = one_process
    for name in ("a", "b"):
        finished(elsewhere(job, tmp_path / f"{name}.safetensors"), 3)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_the_network_is_that_of_one_process_to_the_bit(one_process, tmp_path):
    job, _ = one_process
    finished(elsewhere(job, tmp_path / "many.safetensors"), 3)
    one, many = (load_file(tmp_path / f"{name}.safetensors") for name in ("one", "many"))
    for key in ("weaknonlinear.mean", "weaknonlinear.cov"):
        assert np.array_equal(one[key][:5], many[key][:5])


def test_accuracies_are_those_of_one_process(one_process, tmp_path):
    job, events = one_process
    many = finished(elsewhere(job, tmp_path / "many.safetensors"), 3)
    assert isinstance(events[-1], RunFinished)
    assert many[0][-1].accuracies == events[-1].accuracies


def test_more_ranks_than_pairs(make_job, tmp_path, deviation):
    job = make_job(tmp_path / "one.safetensors", pairs=3, classes=2, labels=False)
    job = job.merged({"operators": {"attention": {"top_k": 2}}})
    pipeline.execute(job, lambda _: None, CancelToken())
    finished(elsewhere(job, tmp_path / "many.safetensors"), 5)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= TOLERANCE


def test_peaks_of_each_rank_are_the_predicted_ones(make_job, tmp_path):
    job = make_job(tmp_path / "out.safetensors", dim=32)
    for own in finished(job, 3):
        plan = next(event.plan for event in own if isinstance(event, RunStarted))
        predicted = {stage["stage"]: stage["bound_bytes"] for stage in plan["stages"]}
        for event in own:
            if isinstance(event, StageFinished) and event.stage in predicted:
                assert event.peaks.allocated_bytes <= predicted[event.stage], event.stage


def test_the_plan_of_rank_0_holds_a_summary_of_all(make_job, tmp_path):
    events = finished(make_job(tmp_path / "out.safetensors"), 3)
    plan = next(event.plan for event in events[0] if isinstance(event, RunStarted))
    assert len(plan["ranks"]) == 3
    assert plan["ranks"][0]["predicted_peak_bytes"] == plan["predicted_peak_bytes"]
    json.dumps(plan["ranks"])


def test_a_budget_holds_on_every_rank_and_changes_nothing(one_process, tmp_path, deviation):
    job, _ = one_process
    smallest = plan_config(job).plan.smallest_feasible_bytes
    budgeted = elsewhere(job, tmp_path / "many.safetensors", memory={"budget": smallest})
    events = finished(budgeted, 2)
    assert events[0][-1].within_budget
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= TOLERANCE


def test_a_refused_budget_is_the_same_refusal_on_every_rank(make_job, tmp_path):
    _, errors = run_ranks(make_job(tmp_path / "out.safetensors", memory={"budget": 1000}), 3)
    assert {type(error) for error in errors} == {BudgetRefused}
    assert len({error.what for error in errors}) == 1
    assert "of rank 0" in errors[0].what
    assert not (tmp_path / "out.safetensors").exists()


def test_what_is_communicated_does_not_depend_on_the_number_of_pairs(make_job, tmp_path):
    traffic = []
    for pairs in (100, 1000):
        job = make_job(tmp_path / f"{pairs}.safetensors", pairs=pairs, labels=False)
        events = finished(job.merged({"operators": {"names": ["linear", "rff"]}, "source": {"evaluate": None}}), 2)
        sent = {e.stage: e.communicated_bytes for e in events[0] if isinstance(e, StageFinished)}
        traffic.append({stage: sent[stage] for stage in ("linear.fit", "rff.fit", "linear.move")})
    assert traffic[0] == traffic[1]
    assert traffic[0]["linear.fit"] == 2 * 12 * 12 * 8  # X'X and X'Y that rank 0 receives of the other
    assert traffic[0]["linear.move"] == 0


def test_a_bad_row_in_the_last_share_is_named_by_its_number_in_the_file(make_job, make_files, tmp_path):
    job = make_job(tmp_path / "out.safetensors")
    with np.load(job.source.features) as arrays:
        content = dict(arrays)
    content["features_after"][200, 3] = np.nan
    np.savez(job.source.features, **content)
    _, errors = run_ranks(job, 4)
    (error,) = [error for error in errors if isinstance(error, InputError)]
    assert "1 row (200)" in error.what


@pytest.mark.parametrize(
    ("section", "named"), [({"run": {"engine": "baseline"}}, "baseline"), ({"source": {"kind": "demo"}}, "demo")]
)
def test_what_cannot_be_shared_is_refused(make_job, tmp_path, section, named):
    _, errors = run_ranks(make_job(tmp_path / "out.safetensors").merged(section), 2)
    assert all(named in error.what for error in errors if isinstance(error, InputError))
    assert any(isinstance(error, InputError) for error in errors)
