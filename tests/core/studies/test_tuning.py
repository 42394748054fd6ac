"""The tuner: candidates, rates against a device that is known, and one real tuning in child processes."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.events import RunCancelledEvent, RunFailed, RunStarted, StageStarted, StudyFinished, TrialFinished
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.machine import cpu_name, cpu_profile
from slora_core.memory.planner import bound_bytes
from slora_core.memory.tuning import RATES, read_tuning
from slora_core.running.measured import choice_key
from slora_core.running.planning import plan_config, round_requests
from slora_core.studies.study_file import list_studies, read_study
from slora_core.studies.tuning import study, whole_runs
from slora_core.studies.tuning.analysis import derive
from slora_core.studies.tuning.candidates import candidates
from slora_core.studies.tuning.rates import Observation, fit_rates, job_of, measured_options, modelled_seconds
from slora_core.studies.tuning.results import best_of, read_tuning_study
from slora_core.studies.tuning.snippet import python_snippet
from slora_core.studies.tuning.tables import tuning_tables
from slora_core.studies.tuning.whole_runs import WholeRuns
from slora_core.studies.whole_run import RunFigures, StageFigures
from slora_core.types import Workload

CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 400, "dim": 16, "classes": 4},
        "operators": {"weaknonlinear": {"steps": 40, "samples": 300}, "attention": {"samples": 200, "top_k": 50}},
        "run": {"device": "cpu", "threads": 1},
    }
)
WORKLOAD = Workload(400, 16, 4)


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path))


def observations(device, workloads, every=5, noise=0.0):
    draw = random.Random(0)
    return [
        Observation(
            request.stage,
            job_of(CONFIG),
            workload,
            choice_key(option.choice, workload),
            option.seconds * (1 + noise * draw.uniform(-1, 1)),
        )
        for workload in workloads
        for request in round_requests(CONFIG, workload, device, "")
        for option in request.options[::every]
        if option.seconds > 0
    ]


@pytest.mark.parametrize("builtin", [CPU_PROFILE, CUDA_PROFILE])
def test_rates_fitted_to_a_known_device_predict_what_was_not_observed(builtin):
    draw = random.Random(1)
    hidden = {name: getattr(builtin, name) * draw.choice((0.3, 0.6, 2.0, 3.0)) for name in RATES}
    device = dataclasses.replace(builtin, **hidden)
    sizes = [Workload(2048, 256, 10), Workload(7048, 768, 20)]
    seen = observations(device, sizes[builtin.kind == "cuda" :], noise=0.05)  # a card has ten times the options

    fitted = dataclasses.replace(builtin, **fit_rates(seen, builtin))

    unseen = observations(device, [Workload(4000, 512, 30)], every=3)
    errors = modelled_seconds(unseen, fitted) / np.array([item.seconds for item in unseen]) - 1
    before = modelled_seconds(unseen, builtin) / np.array([item.seconds for item in unseen]) - 1
    assert np.median(np.abs(errors)) < 0.06
    assert np.median(np.abs(errors)) < np.median(np.abs(before)) / 4


def test_a_rate_that_nothing_depends_on_stays_and_an_outlier_does_not_carry_the_fit():
    seen = observations(CPU_PROFILE, [Workload(2048, 256, 10)])
    wild = [dataclasses.replace(seen[0], seconds=1000 * seen[0].seconds), *seen[1:]]
    fitted = fit_rates(wild, CPU_PROFILE)
    assert fitted["bus"] == pytest.approx(CPU_PROFILE.bus)
    assert fitted["gemm32"] == pytest.approx(CPU_PROFILE.gemm32, rel=0.2)  # plain least squares: 14 times
    assert fit_rates([], CPU_PROFILE)["gemm32"] == pytest.approx(CPU_PROFILE.gemm32)


def test_ratios_reproduce_the_observed_seconds_in_the_tuned_plan():
    seen = [dataclasses.replace(item, seconds=1.7 * item.seconds) for item in observations(CPU_PROFILE, [WORKLOAD], 1)]
    device = dataclasses.replace(CPU_PROFILE, measured=tuple(measured_options(seen, CPU_PROFILE)))
    tuned = plan_config(CONFIG.merged({"memory": {"policy": "tuned"}}), device).plan
    by_key = {(item.stage, item.choice): item.seconds for item in seen}
    for stage in tuned.stages:
        if stage.seconds:
            assert stage.seconds == pytest.approx(by_key[stage.stage, choice_key(stage.choice, WORKLOAD)])


@pytest.mark.parametrize("budget", [None, "300KiB"])
def test_candidates_fit_the_budget_and_begin_with_what_is_planned(budget):
    config = CONFIG.merged({"memory": {"budget": budget}})
    job = plan_config(config, CPU_PROFILE)
    found = candidates(job, CPU_PROFILE, 30)
    assert len(found) <= 30
    assert len({(item.stage, item.option.choice) for item in found}) == len(found)
    for stage in {item.stage for item in found}:
        first = next(item for item in found if item.stage == stage)
        assert first.option.choice == job.plan.stage(stage).choice
    if job.plan.budget_bytes:
        assert all(
            bound_bytes(item.peak_bytes + job.base_bytes, CPU_PROFILE) <= job.plan.budget_bytes for item in found
        )
    assert candidates(job, CPU_PROFILE, 3) == found[:3]


def figures(seconds, choice, stage="attention.move"):
    stages = {stage: StageFigures(seconds, 100, None, 1.0, choice)}
    return RunFigures(seconds, 100, None, None, stages)


def compared(planned, tuned):
    choices = [dataclasses.asdict(o.choice) for o in _attention_options()[:2]]
    start = derive(CONFIG, CPU_PROFILE, observations(CPU_PROFILE, [WORKLOAD], 9), cpu_path())
    runs = WholeRuns(CONFIG, start, None, None, CancelToken(), lambda: 0.0)
    runs.runs["planned"] = [figures(s, choices[0]) for s in planned]
    runs.runs["tuned"] = [figures(s, choices[1]) for s in tuned]
    return runs, choices


def _attention_options():
    requests = round_requests(CONFIG, WORKLOAD, CPU_PROFILE, "")
    return next(request.options for request in requests if request.stage == "attention.move")


def cpu_path():
    from slora_core.memory.tuning import tuning_path

    return tuning_path("cpu", cpu_name(), 1)


def test_a_tuned_plan_that_was_measured_slower_is_not_taken_again():
    runs, choices = compared([1.0, 1.02], [1.3, 1.31])
    assert runs.winner == "planned"
    assert runs.outcome()["config"]["memory"]["policy"] == "planned"
    learnt = runs.learnt()
    assert dataclasses.asdict(learnt.plan().plan.stage("attention.move").choice) == choices[0]
    assert learnt.plan().plan.stage("attention.move").seconds == pytest.approx(1.01)


def test_an_option_that_was_only_tried_does_not_overtake_one_that_has_run():
    """Whole runs take twice the time of trials here: without calibration every other option would look better."""
    trials = [dataclasses.replace(item, whole=False) for item in observations(CPU_PROFILE, [WORKLOAD], 1)]
    start = derive(CONFIG, CPU_PROFILE, trials, cpu_path())
    plan = start.plan().plan
    stages = {
        stage.stage: StageFigures(2 * stage.seconds, 100, None, stage.seconds, dataclasses.asdict(stage.choice))
        for stage in plan.stages
    }
    runs = WholeRuns(CONFIG, start, None, None, CancelToken(), lambda: 0.0)
    runs.runs["planned"] = runs.runs["tuned"] = [RunFigures(1.0, 100, None, None, stages)]

    learnt = runs.learnt().plan().plan

    assert [stage.choice for stage in learnt.stages] == [stage.choice for stage in plan.stages]
    assert learnt.seconds == pytest.approx(2 * plan.seconds)


def test_predictions_are_held_against_every_stage_of_a_whole_run():
    """What only a probe can plan counts as it was measured."""
    config = CONFIG.merged({"source": {"kind": "demo", "tasks": 3}})
    start = derive(config, CPU_PROFILE, [], cpu_path())
    plan = start.plan().plan
    stages = {
        stage.stage: StageFigures(stage.seconds, 100, None, stage.seconds, dataclasses.asdict(stage.choice))
        for stage in plan.stages
    }
    stages["task2.extract"] = StageFigures(10 * plan.seconds, 100, None, 5 * plan.seconds, {"batch": 8})
    runs = WholeRuns(config, start, None, None, CancelToken(), lambda: 0.0)
    runs.runs["planned"] = runs.runs["tuned"] = [RunFigures(1.0, 100, None, None, stages)]

    errors = runs.outcome()["prediction_errors"]

    assert errors["built-in"] == errors["tuned"] == pytest.approx(6 / 11 - 1)
    assert errors["fitted rates"] == pytest.approx(0)


def test_a_tuned_plan_within_noise_or_faster_is_kept():
    assert compared([1.0, 1.02], [0.7, 0.71])[0].winner == "tuned"
    assert compared([1.0, 1.4], [1.5, 1.2])[0].winner == "tuned"
    assert compared([], [1.0])[0].winner == "not compared"
    same, _ = compared([1.0], [1.0])
    same.runs["tuned"] = same.runs["planned"]
    assert same.winner == "same plan"


def test_trials_that_were_timed_again_count_once_with_their_best():
    lines = [{"key": "a", "seconds": 2.0}, {"key": "b", "seconds": None}, {"key": "a", "seconds": 1.0}]
    assert [(line["key"], line["seconds"]) for line in best_of(lines)] == [("a", 1.0), ("b", None)]
    again = [*lines, {"key": "b", "seconds": None, "failure": "again"}]
    assert [line.get("failure") for line in best_of(again)] == [None, "again"]


def test_a_real_tuning_leaves_a_plan_rates_and_a_file_that_runs(capsys, tmp_path):
    events = list(study.stream(CONFIG, trials=7, minutes=0.5, repeats=1))

    final = events[-1]
    assert isinstance(final, StudyFinished), final
    told = [event for event in events if isinstance(event, TrialFinished)]
    assert {event.figures["stage"] for event in told if "stage" in event.figures} >= {
        "linear.fit",
        "weaknonlinear.fit",
        "attention.move",
    }
    assert [event.figures["policy"] for event in told if "policy" in event.figures] == ["planned", "tuned"]
    result = read_tuning_study(final.results)
    assert len(result.trials) == 7
    assert all(trial.seconds > 0 for trial in result.trials)
    assert result.chosen is not None
    assert result.frontier[-1].seconds <= result.chosen.seconds * 1.05
    assert set(result.outcome["prediction_errors"]) == {"built-in", "fitted rates", "tuned"}
    profile = cpu_profile(1)
    assert read_tuning("cpu", cpu_name(), 1).problem == ""
    kept = {item.stage for item in profile.measured}  # options that lost in whole runs are withdrawn
    assert kept >= {"scan", "linear.fit", "linear.move", "weaknonlinear.fit", "weaknonlinear.move", "attention.move"}
    assert profile.gemm32 != CPU_PROFILE.gemm32
    assert all(table.rows for table in tuning_tables(result))
    config = RunConfig.from_dict(result.outcome["config"])
    assert config.memory.policy in ("planned", "tuned")
    snippet = python_snippet(config)
    compile(snippet, "snippet", "exec")
    assert "isolate.stream" in snippet


@pytest.fixture
def child(monkeypatch):
    """Replaces the child processes by given lists of events, one a process."""

    def install(*processes):
        left = [list(events) for events in processes]
        arguments = []

        def stream(config, cancel, **given):
            arguments.append(given.get("arguments"))
            return iter(left.pop(0))

        monkeypatch.setattr(study.isolate, "stream", stream)
        return arguments

    return install


def started():
    environment = {"profile": dataclasses.asdict(dataclasses.replace(CPU_PROFILE, name="test"))}
    return RunStarted(0.0, "", "", "optimised", {}, environment, None, None)


def finished_trial(stage="scan", choice='{"rows": "all pairs"}', seconds=0.5):
    line = {
        "key": f"{stage} {choice}",
        "stage": stage,
        "choice": choice,
        "workload": dataclasses.asdict(WORKLOAD),
        "seconds": seconds,
        "failure": "",
    }
    return TrialFinished(0.1, "tuning", stage, 1, 2, line)


END = StudyFinished(1.0, "tuning", 1.0, 1, "", {})


def test_a_trial_that_kills_its_process_is_left_out_and_the_others_go_on(child):
    crash = RunFailed(0.2, "engine-died", "the engine was killed", "", 4)
    arguments = child([started(), StageStarted(0.1, "bad trial", ""), crash], [started(), finished_trial(), END])
    final = list(study.stream(CONFIG, trials=2, minutes=1, repeats=0))[-1]
    assert isinstance(final, StudyFinished), final
    assert arguments[1]["done"] == [["bad trial", None]]
    assert final.outcome["winner"] == "not compared"
    assert {trial.failure for trial in read_tuning_study(final.results).trials} == {"", "the engine was killed"}


def test_a_cancelled_tuning_keeps_its_trials_and_goes_on_with_them(child):
    child([started(), finished_trial(), RunCancelledEvent(0.3, "")])
    assert isinstance(list(study.stream(CONFIG, repeats=0))[-1], RunCancelledEvent)
    (interrupted,) = list_studies("tuning")
    arguments = child([started(), END])
    events = list(study.stream(CONFIG, repeats=0))
    assert arguments[0]["done"] == [['scan {"rows": "all pairs"}', 0.5]]
    assert events[0].reused
    assert events[-1].results == str(interrupted.path)


def test_what_failed_is_tried_again_when_a_tuning_goes_on(child):
    crash = RunFailed(0.2, "engine-died", "the engine was killed", "", 4)
    scan = finished_trial()
    refused = finished_trial("linear.fit", seconds=None)
    refused.figures["failure"] = "no memory"
    crashed = [started(), scan, refused, StageStarted(0.1, "bad trial", ""), crash]
    arguments = child(crashed, [started(), RunCancelledEvent(0.3, "")])
    list(study.stream(CONFIG, repeats=0))
    assert [key for key, _ in arguments[1]["done"]] == [scan.figures["key"], refused.figures["key"], "bad trial"]

    better = finished_trial("linear.fit", seconds=0.25)
    arguments = child([started(), better, END])
    final = list(study.stream(CONFIG, repeats=0))[-1]
    assert arguments[0]["done"] == [[scan.figures["key"], 0.5]]
    kept = read_study(final.results).of_kind("trial")
    assert [line["seconds"] for line in kept] == [0.5, None, None, 0.25]
    found = {trial.stage: trial for trial in read_tuning_study(final.results).trials}
    assert (found["linear.fit"].seconds, found["linear.fit"].failure) == (0.25, "")
    assert found["bad trial"].failure == "the engine was killed"


def test_a_refused_budget_ends_the_tuning_with_its_own_exit_code(child):
    child([RunFailed(0.2, "budget-refused", "the budget of 1 KiB cannot hold it", "raise it", 3)])
    final = list(study.stream(CONFIG, repeats=0))[-1]
    assert (final.exit_code, final.what) == (3, "the budget of 1 KiB cannot hold it")


def test_wrong_settings_are_refused_at_once():
    for wrong in ({"trials": 0}, {"minutes": 0}, {"repeats": -1}):
        with pytest.raises(ConfigError):
            study.stream(CONFIG, **wrong)
    with pytest.raises(ConfigError, match="baseline"):
        study.stream(CONFIG.merged({"run": {"engine": "baseline"}}))


def test_a_whole_run_that_fails_ends_the_study(child, monkeypatch):
    child([started(), finished_trial(), END])
    monkeypatch.setattr(whole_runs, "run_whole", lambda *_, **__: (RunFigures(failure="no memory"), {}))
    final = list(study.stream(CONFIG, repeats=1))[-1]
    assert isinstance(final, RunFailed)
    assert "no memory" in final.what
