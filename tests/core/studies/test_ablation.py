"""The nine measures: which runs are made, what they come to, and a real ablation that is interrupted and continued."""

from __future__ import annotations

import json

import pytest
import torch

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import MeasuresConfig, RunConfig
from slora_core.errors import ConfigError, RunCancelled
from slora_core.events import Progress, RunCancelledEvent, RunFailed, StudyFinished, TrialFinished
from slora_core.studies import whole_run
from slora_core.studies.ablation import study
from slora_core.studies.ablation.measures import ALL_OFF, ALL_ON, MEASURES, case_config, case_of, cases, steps
from slora_core.studies.ablation.results import ablation_of, read_ablation
from slora_core.studies.ablation.tables import ablation_tables
from slora_core.studies.study_file import list_studies, read_study
from slora_core.studies.whole_run import RunFigures, StageFigures, run_whole

TINY = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 150, "dim": 8, "classes": 2},
        "operators": {
            "names": "linear,attention",
            "attention": {"samples": 200, "top_k": 10},
            "weaknonlinear": {"steps": 5, "samples": 200},
        },
        "run": {"sample_hz": 0, "device": "cpu"},
    }
)


def test_every_measure_is_switched_alone_and_in_the_order_of_priority():
    assert {m.name for m in MEASURES} == set(MeasuresConfig.model_fields)
    assert [m.priority for m in MEASURES] == sorted((m.priority for m in MEASURES), key=["high", "middle", "low"].index)
    assert cases()[:2] == (ALL_OFF, ALL_ON)
    assert len(cases()) == len(set(cases())) == 26
    for step in steps():
        without, with_ = (case_config(TINY, case).measures for case in (step.case_without, step.case_with))
        changed = [name for name in MeasuresConfig.model_fields if getattr(without, name) != getattr(with_, name)]
        assert changed == [step.measure.name]
        assert getattr(with_, step.measure.name) is True


def trial(case, peak, seconds, repeat=1, **more):
    stages = more.pop("stages", {"attention.move": StageFigures(seconds, peak, None, 1.0, {"chunk": peak})})
    figures = RunFigures(seconds, peak, more.pop("reserved", None), None, stages, **more)
    return {"kind": "trial", "case": case, "repeat": repeat, "figures": figures.to_dict(), "deviations": {ALL_ON: 0.25}}


def effect(lines, view, measure):
    return next(e for e in ablation_of(lines).view(view) if e.measure == measure)


def test_savings_times_and_their_spread_are_those_of_the_repetitions():
    off = ",".join(m.name for m in MEASURES if m.name != "tiled_attention")
    lines = [trial(ALL_ON, 100, s, r, reserved=150) for r, s in enumerate((1.0, 1.1, 1.2), 1)]
    lines += [trial(off, 400, s, r, reserved=300) for r, s in enumerate((2.0, 2.2, 3.0), 1)]

    found = effect(lines, "off alone", "tiled_attention")

    assert (found.peak_without_bytes, found.peak_with_bytes, found.saving) == (400, 100, 0.75)
    assert (found.reserved_without_bytes, found.saving_reserved) == (300, 0.5)
    assert found.time_change.median == pytest.approx(1.1 / 2.2 - 1)
    assert (found.time_change.least, found.time_change.most) == pytest.approx((1.0 / 3.0 - 1, 1.2 / 2.0 - 1))
    assert found.deviation == 0.25
    assert found.expected == (0.10, 0.15)
    assert found.verdict == "saves 75.0% of the peak, 50% faster"


def test_what_does_nothing_says_so_and_a_cost_is_a_cost():
    off = {
        name: ",".join(m.name for m in MEASURES if m.name != name) for name in ("mixed_precision", "adaptive_budget")
    }
    lines = [trial(ALL_ON, 100, s, r) for r, s in enumerate((1.0, 1.3, 1.1), 1)]
    lines += [trial(off["mixed_precision"], 100, s, r) for r, s in enumerate((1.2, 1.1, 1.2), 1)]
    lines += [trial(off["adaptive_budget"], 20, s, r) for r, s in enumerate((0.5, 0.6, 0.55), 1)]

    assert effect(lines, "off alone", "mixed_precision").verdict == "no effect"
    assert effect(lines, "off alone", "adaptive_budget").verdict == "takes 5 times the peak, 100% slower"
    assert effect(lines, "off alone", "weak_chunks").verdict == "not measured"


def test_a_time_is_told_only_when_repetitions_leave_no_doubt():
    off = ",".join(m.name for m in MEASURES if m.name != "weak_chunks")

    def verdict(with_s, without_s):
        lines = [trial(ALL_ON, 100, s, r) for r, s in enumerate(with_s, 1)]
        lines += [trial(off, 100, s, r) for r, s in enumerate(without_s, 1)]
        return effect(lines, "off alone", "weak_chunks").verdict

    assert verdict((1.0, 1.0, 1.1), (1.3, 1.4, 1.2)) == "23% faster"
    assert verdict((1.0, 1.1), (1.3, 1.4)) == "no effect"  # two pairs are apart by chance once in three times
    assert verdict((1.0, 1.0, 1.01), (1.03, 1.03, 1.02)) == "no effect"


def test_a_measure_that_cannot_act_in_the_job_says_why_whatever_the_clock_said():
    off = ",".join(m.name for m in MEASURES if m.name != "mixed_precision")
    idle = ("without effect in this run: measures.mixed_precision (no model runs), measures.other (no reason)",)
    lines = [trial(ALL_ON, 100, s, r, idle=idle) for r, s in enumerate((1.0, 1.1, 1.0), 1)]
    lines += [trial(off, 100, s, r) for r, s in enumerate((2.0, 2.1, 2.0), 1)]

    found = effect(lines, "off alone", "mixed_precision")

    assert (found.idle, found.verdict) == ("no model runs", "no effect: no model runs")
    assert effect(lines, "on alone", "weak_chunks").idle == ""


def test_a_run_that_fails_leaves_its_rows_without_figures():
    lines = [
        trial(ALL_ON, 100, 1.0),
        trial(ALL_OFF, None, None, failure="the budget of 1 MiB cannot hold it", stages={}),
    ]
    found = effect(lines, "on alone", "progressive_release")
    assert (found.saving, found.verdict) == (None, "failed")
    assert "budget" in found.failure


def test_accuracies_are_compared_over_all_variants_and_classifiers():
    off = ",".join(m.name for m in MEASURES if m.name != "mixed_precision")
    lines = [
        trial(ALL_ON, 100, 1.0, accuracies={"SeqFT": {"lda": 0.5, "qda": 0.7}}),
        trial(off, 100, 1.0, accuracies={"SeqFT": {"lda": 0.6, "qda": 0.7}}),
    ]
    assert effect(lines, "off alone", "mixed_precision").accuracy_change == pytest.approx(-0.05)


def test_of_a_trial_that_was_tried_again_the_last_attempt_counts():
    off = ",".join(m.name for m in MEASURES if m.name != "tiled_attention")
    failed = trial(off, None, None, failure="no memory", stages={})
    lines = [trial(ALL_ON, 100, 1.0), failed, trial(off, 400, 2.5, repeat=2), trial(off, 400, 2.0)]
    del lines[2]["deviations"]
    found = effect(lines, "off alone", "tiled_attention")
    assert (found.failure, found.saving, found.deviation) == ("", 0.75, 0.25)
    assert (found.seconds_without.runs, found.seconds_without.most) == (2, 2.5)
    assert effect([*lines, failed], "off alone", "tiled_attention").failure == "no memory"


@pytest.fixture
def here(monkeypatch, tmp_path):
    """Whole runs in this process, counted; one of them may fail, or be the last before a token is cancelled."""
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))
    done = []
    stop = {}

    def stream(config, cancel, **_):
        done.append(config)
        if len(done) == stop.get("after"):
            cancel.cancel()
        if len(done) == stop.get("failing"):
            return iter([RunFailed(0.0, "engine-died", "the engine was killed", "", 4)])
        return pipeline.stream(config, cancel)

    monkeypatch.setattr(whole_run.isolate, "stream", stream)
    return done, stop


def test_a_real_ablation_is_interrupted_continued_and_told(here):
    done, stop = here
    stop["after"] = 5
    events = list(study.stream(TINY, repeats=1))
    assert isinstance(events[-1], RunCancelledEvent)
    assert sum(isinstance(event, TrialFinished) for event in events) == 4
    (interrupted,) = list_studies("ablation")

    stop.clear()
    done.clear()
    events = list(study.stream(TINY, repeats=1))
    trials = [event for event in events if isinstance(event, TrialFinished)]
    final = events[-1]

    assert isinstance(final, StudyFinished), final
    assert [event.reused for event in trials[:4]] == [True] * 4
    twins = [line["same_as"] for line in read_study(final.results).of_kind("trial") if "same_as" in line]
    all_but_budget = case_of([measure.name for measure in MEASURES if measure.name != "adaptive_budget"])
    assert sorted(twins) == sorted([ALL_OFF] * 2 + [ALL_ON] * 3 + [all_but_budget])  # two cannot act without a model
    assert len(done) == 26 - 4 - len(twins) + 2  # the references once more, for their moved states
    assert final.results == str(interrupted.path)
    assert [event.number for event in trials] == list(range(1, 27))
    assert any(isinstance(event, Progress) for event in events)
    found = read_ablation(final.results)
    assert json.loads(json.dumps(final.outcome)) == json.loads(json.dumps(found.to_dict()))
    assert found.environment["torch"] == torch.__version__
    assert all(row.deviation is not None for row in found.effects)
    tiles = found.view("off alone")[3]
    assert (tiles.measure, tiles.deviation) == ("tiled_attention", pytest.approx(0, abs=1e-6))
    cache = next(e for e in found.view("on alone") if e.measure == "feature_cache")
    assert cache.peak_without_bytes - cache.peak_with_bytes == 50_000 * 8 * 4
    idle = next(e for e in found.view("off alone") if e.measure == "activation_checkpointing")
    assert idle.verdict == "no effect: no model runs"
    assert idle.peak_with_bytes == idle.peak_without_bytes
    for table in ablation_tables(found):
        assert len(table.rows) == 9
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_what_failed_is_tried_again_when_an_ablation_goes_on(here):
    done, stop = here
    stop |= {"failing": 3, "after": 6}
    events = list(study.stream(TINY, repeats=1))
    assert isinstance(events[-1], RunCancelledEvent)
    measured = [event.figures["case"] for event in events if isinstance(event, TrialFinished)]
    (interrupted,) = list_studies("ablation")
    assert [line["case"] for line in interrupted.measured_trials()] == [*measured[:2], *measured[3:5]]

    stop.clear()
    done.clear()
    events = list(study.stream(TINY, repeats=1))
    trials = [event for event in events if isinstance(event, TrialFinished)]
    assert [event.reused for event in trials[:5]] == [True] * 4 + [False]
    assert trials[4].figures["case"] == measured[2]
    kept = [line for line in read_study(events[-1].results).of_kind("trial") if line["case"] == measured[2]]
    assert [line["figures"]["failure"] for line in kept] == ["the engine was killed", ""]
    found = read_ablation(events[-1].results)
    assert not any(row.failure for row in found.effects)
    assert all(row.deviation is not None for row in found.effects)


def test_a_refused_budget_is_a_result_and_bad_input_ends_the_study(here):
    figures, _ = run_whole(TINY.merged({"memory": {"budget": "20KiB"}}), CancelToken())
    assert "budget" in figures.failure
    config = RunConfig().merged({"source": {"kind": "files", "features": "no.npz", "state": "no.safetensors"}})
    final = list(study.stream(config, repeats=1))[-1]
    assert (final.kind, final.exit_code) == ("input-error", 2)


def test_wrong_settings_are_refused_at_once():
    with pytest.raises(ConfigError, match="repeats = 0"):
        study.stream(TINY, repeats=0)
    with pytest.raises(ConfigError, match="baseline"):
        study.stream(TINY.merged({"run": {"engine": "baseline"}}))


def test_a_cancelled_run_ends_the_study(here):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(RunCancelled):
        run_whole(TINY, cancel)
