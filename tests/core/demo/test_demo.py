"""The demo: real digits, real drift, and a run whose plan holds."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import RunCancelled
from slora_core.events import (
    Event,
    Notice,
    Progress,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    TaskFinished,
)
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.plan import ProbedCost
from slora_core.features.precision import ProbedPrecision
from slora_core.sources.demo import training
from slora_core.sources.demo.digits import all_digits, split_digits, task_classes
from slora_core.sources.demo.doodles import draw_doodles
from slora_core.sources.demo.model import DigitTransformer
from slora_core.sources.demo.sizes import demo_workloads


def config(**changes) -> RunConfig:
    quick = {"weaknonlinear": {"steps": 30, "samples": 200}, "attention": {"samples": 200}, "rff": {"samples": 200}}
    base = {
        "source": {"kind": "demo", "tasks": 3},
        "operators": {"names": "linear,weaknonlinear,attention,rff", **quick},
        "run": {"threads": 1},
    }
    return RunConfig().merged(base).merged(changes)


def run(own: RunConfig) -> list[Event]:
    events = list(pipeline.stream(own))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def run_shortly(own: RunConfig) -> list[Event]:
    """The run with a few training steps a task."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slora_core.sources.demo.source.FIRST_TASK", training.Schedule(12, 3e-3, 30.0))
        patch.setattr("slora_core.sources.demo.source.LATER_TASKS", training.Schedule(4, 3e-3, 10.0))
        return run(own)


@pytest.fixture(scope="module")
def short_run() -> list[Event]:
    """Three tasks with every operator, classifier and measure of the forward passes."""
    return run_shortly(config())


def test_training_is_part_of_the_progress_of_the_run(short_run):
    told = [event for event in short_run if isinstance(event, Progress)]
    fractions = [event.fraction for event in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1
    for task in (1, 2, 3):
        of_training = [number for number, event in enumerate(told) if event.stage == f"task{task}.train"]
        before = fractions[of_training[0] - 1] if of_training[0] else 0
        assert fractions[of_training[-1]] > before


def test_the_bundled_digits_are_the_uci_test_set():
    reference = load_digits()
    digits = all_digits()

    assert digits.images.shape == (1797, 8, 8)
    assert np.array_equal(digits.images * 16, reference.images.astype(np.float32))
    assert np.array_equal(digits.labels, reference.target)


def test_the_split_is_stratified_disjoint_and_seeded():
    train, test = split_digits(5)
    again, _ = split_digits(5)
    other, _ = split_digits(6)

    assert np.array_equal(train.images, again.images)
    assert not np.array_equal(train.images, other.images)
    assert len(train.labels) + len(test.labels) == 1797
    hashes = [{hashlib.sha256(image.tobytes()).hexdigest() for image in part.images} for part in (train, test)]
    assert len(hashes[0] & hashes[1]) <= 1797 - len(set().union(*hashes))
    for digit in range(10):
        share = np.mean(train.labels == digit) / np.mean(all_digits().labels == digit)
        assert share == pytest.approx(1.0, abs=0.02)


def test_doodles_are_images_like_the_digits_and_no_digits():
    doodles = draw_doodles(0, 40)

    assert doodles.shape == (40, 8, 8)
    assert np.array_equal(np.unique(doodles * 16 % 1), [0.0])
    assert 0.0 == doodles.min() < doodles.max() <= 1.0
    assert np.array_equal(doodles[:5], draw_doodles(0, 5))


def test_a_run_keeps_its_plan_and_reports_every_variant_and_classifier(short_run: list[Event]):
    plan = next(event.plan for event in short_run if isinstance(event, RunStarted))
    predicted = {stage["stage"]: stage["predicted_peak_bytes"] for stage in plan["stages"]}
    measured = {e.stage: e.peaks.allocated_bytes for e in short_run if isinstance(e, StageFinished)}
    for stage, peak in predicted.items():
        assert measured[stage] <= peak * 1.005 + 16384
        assert peak <= 1.03 * measured[stage], stage
    tasks = [event for event in short_run if isinstance(event, TaskFinished)]
    assert [event.classes_seen for event in tasks] == [2, 4, 6]
    for event in tasks:
        assert set(event.accuracies) == {
            "SeqFT",
            "SeqFT + linear",
            "SeqFT + weaknonlinear",
            "SeqFT + Hopfield",
            "SeqFT + rff",
        }
        for row in event.accuracies.values():
            assert set(row) == {"lda", "qda", "lr-rgda", "ncm"}
            assert all(0 <= value <= 1 for value in row.values())


def test_sizes_are_those_of_the_rounds(short_run: list[Event]):
    plan = demo_workloads(config())
    evaluated = [e.classes_seen for e in short_run if isinstance(e, TaskFinished)]

    assert [w.classes + w.new_classes for w in plan] == evaluated
    assert plan[0].pairs == 0
    assert [task_classes(t) for t in (1, 2, 5)] == [(0, 1), (2, 3), (8, 9)]


def test_as_many_forward_passes_are_planned_as_are_made(monkeypatch: pytest.MonkeyPatch):
    """The seconds of a plan that takes one second a row and none for anything else."""
    cost = ProbedPrecision("fp32", ProbedCost(0, 0, item_s=1.0))
    monkeypatch.setattr("slora_core.sources.demo.source.probe_precision", lambda *_, **__: cost)
    made, encode = [], Extractor.encode

    def count(extractor: Extractor, encoder: Encoder, inputs: torch.Tensor) -> torch.Tensor:
        made.append(len(inputs))
        return encode(extractor, encoder, inputs)

    monkeypatch.setattr(Extractor, "encode", count)
    events = run_shortly(
        config(operators={"names": "linear"}, measures={"feature_cache": False}, extraction={"batch": 64})
    )
    plan = next(event.plan for event in events if isinstance(event, RunStarted))
    assert sum(stage["seconds"] for stage in plan["stages"] if stage["stage"].endswith(".extract")) == sum(made)


@pytest.mark.parametrize("measure", ["feature_cache", "progressive_release", "activation_checkpointing"])
def test_a_measure_of_the_forward_passes_changes_no_accuracy_and_no_plan_is_broken(
    short_run: list[Event], measure: str
):
    events = run_shortly(config(measures={measure: False}))

    plan = next(event.plan for event in events if isinstance(event, RunStarted))
    predicted = {stage["stage"]: stage["predicted_peak_bytes"] for stage in plan["stages"]}
    for event in events:
        if isinstance(event, StageFinished) and event.stage in predicted:
            assert event.peaks.allocated_bytes <= predicted[event.stage] * 1.005 + 16384
            assert predicted[event.stage] <= 1.03 * event.peaks.allocated_bytes, event.stage
    for variant, row in short_run[-1].accuracies.items():
        assert events[-1].accuracies[variant] == pytest.approx(row, abs=0.011)


def test_a_budget_binds_all_but_the_training_and_is_kept(short_run: list[Event]):
    budget = 3 * 2**20
    events = run_shortly(config(memory={"budget": budget}))
    finished, notices = events[-1], [event.kind for event in events if isinstance(event, Notice)]
    trained = [e.peaks.allocated_bytes for e in events if isinstance(e, StageFinished) and e.stage.endswith(".train")]
    assert finished.peaks.allocated_bytes == max(trained) > budget
    assert finished.within_budget is True
    assert finished.bound_peak_bytes <= budget
    assert "outside-budget" in notices
    assert "budget-crossed" not in notices
    assert (short_run[-1].within_budget, short_run[-1].bound_peak_bytes) == (None, None)
    for variant, row in short_run[-1].accuracies.items():
        assert finished.accuracies[variant] == pytest.approx(row, abs=0.011)


@pytest.mark.parametrize(("threads", "used"), [(0, 1), (2, 2)])
def test_the_demo_takes_one_thread_unless_it_is_told_otherwise(threads: int, used: int):
    counts = set()
    before = torch.get_num_threads()
    cancel = CancelToken()

    def look(event: Event) -> None:
        counts.add(torch.get_num_threads())
        if isinstance(event, StageStarted):
            cancel.cancel()

    with pytest.raises(RunCancelled):
        pipeline.execute(config(run={"threads": threads, "sample_hz": 0}), look, cancel)
    assert counts == {used}
    assert torch.get_num_threads() == before


def test_checkpointing_gives_the_same_gradients():
    gradients = []
    for checkpointing in (False, True):
        model = DigitTransformer(torch.Generator().manual_seed(0), checkpointing=checkpointing).train()
        model(torch.from_numpy(all_digits().images[:6])).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(*gradients, strict=True))


def test_adapters_start_at_nothing_and_merging_changes_no_output():
    model = DigitTransformer(torch.Generator().manual_seed(0)).eval()
    images = torch.from_numpy(all_digits().images[:6])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        plain = model(images)
        for layer in model.adapted():
            layer.attach(4, generator)
        assert torch.allclose(model(images), plain, atol=1e-6)
        for layer in model.adapted():
            layer.adapter_b.normal_(std=0.05, generator=generator)
        adapted = model(images)
        assert not torch.allclose(adapted, plain, atol=1e-3)
        for layer in model.adapted():
            layer.merge()
        assert torch.allclose(model(images), adapted, atol=1e-5)


def test_drift_is_real_and_compensation_recovers_what_it_cost():
    events = run(
        config(
            source={"tasks": 5},
            operators={"names": "linear,attention", "attention": {"samples": 1000}},
            classifiers={"names": "lda,qda"},
        )
    )

    drifted, *recovered = events[-1].accuracies.values()
    assert max(drifted.values()) < 0.85
    for row in recovered:
        assert min(row.values()) > 0.88
        assert all(row[name] - drifted[name] > 0.15 for name in row)
