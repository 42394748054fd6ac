"""Pairs of modules and loaders that flow into sums: the results, the notices and the budget of the stored way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import slora_core as slora
from slora_core.compat import DistributionCompensator
from slora_core.config import RunConfig
from slora_core.errors import BudgetRefused, InputError
from slora_core.events import Notice, RunFinished, RunStarted, StageFinished, StageStarted
from slora_core.features import store
from slora_core.features.cache.smart import SmartFeatureCache

CLOSE = 1e-6


@pytest.fixture
def stored(monkeypatch):
    """(name, models, rows) of the feature files that were written."""
    found = []
    original = store.FeatureFiles.finish

    def noted(self, labels):
        files = original(self, labels)
        found.append((files.paths[0].name.rpartition("-")[0], len(files.paths), len(labels)))
        return files

    monkeypatch.setattr(store.FeatureFiles, "finish", noted)
    return found


@pytest.fixture
def old(models, images) -> slora.ClassState:
    """The classes 0 and 1 under the model before."""
    values, labels = images([0, 1], 5)
    return slora.class_statistics(features(models[0], values), labels)


@pytest.fixture
def move(models, loader, old):
    """``move(stream, **arguments)``: the classes 0 and 1 moved by linear and rff, 2 and 3 added; ``move.events``."""

    def call(stream=True, current=None, settings=(), state=None, **arguments):
        config = RunConfig().merged(
            {
                "extraction": {"cache_disk": 0, "stream": stream},
                "operators": {"names": "linear,rff", "rff": {"samples": 60, "features": 40}},
                "run": {"sample_hz": 0, "threads": 1},
            }
        )
        call.events = []
        return slora.compensate_models(
            models[0],
            models[1],
            loader([2, 3], 7) if current is None else current,
            old if state is None else state,
            config=config.merged(dict(settings)),
            on_event=call.events.append,
            **arguments,
        )

    return call


def features(model, batch) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return model.forward_features(batch).numpy()


def deviation(ours, theirs) -> float:
    """The largest relative deviation of means and covariances over all operators."""
    found = []
    for name, state in theirs.items():
        assert np.array_equal(ours[name].class_ids, state.class_ids)
        assert np.array_equal(ours[name].counts, state.counts)
        for key in ("means", "covariances"):
            mine, other = getattr(ours[name], key), getattr(state, key)
            found.append(np.linalg.norm(mine - other) / np.linalg.norm(other))
    return max(found)


def of(kind, events) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_streamed_results_are_those_of_arrays(move, models, loader, images, old):
    moved = move(aux_loader=loader([7, 8], 6, count=50))
    assert not {"linear.fit", "rff.fit"} & {event.stage for event in of(StageStarted, move.events)}

    current, labels = images([2, 3], 7)
    rows = torch.cat([current, images([7, 8], 6, 50)[0]])
    settings = {"operators": {"rff": {"samples": 60, "features": 40}}, "run": {"threads": 1}}
    expected = slora.compensate(
        features(models[0], rows),
        features(models[1], rows),
        old,
        operators="linear,rff",
        config=RunConfig().merged(settings),
    )
    new = slora.class_statistics(features(models[1], current), labels)
    for name, state in expected.items():
        assert list(moved[name].class_ids) == [0, 1, 2, 3]
        assert np.allclose(moved[name].means[:2], state.means, atol=1e-5)
        assert np.allclose(moved[name].covariances[:2], state.covariances, atol=1e-5)
        assert np.allclose(moved[name].means[2:], new.means, atol=1e-5)
        assert np.allclose(moved[name].covariances[2:], new.covariances, atol=1e-5)


def test_no_pair_is_stored_and_no_result_or_accuracy_changes(move, loader, stored):
    both, accuracies = [], []
    for stream in (True, False):
        both.append(move(stream, aux_loader=loader([7, 8], 6), evaluation_loader=loader([0, 2], 8)))
        accuracies.append(of(RunFinished, move.events)[0].accuracies)
    assert stored[:2] == [("labelled", 1, 60), ("evaluation", 1, 60)]
    assert stored[2:] == [("pairs", 2, 120), ("evaluation", 1, 60)]
    assert deviation(*both) <= CLOSE
    for name in ("linear", "rff"):  # statistics in the very same order
        assert np.array_equal(both[0][name].covariances[2:], both[1][name].covariances[2:])
    assert accuracies[0] == accuracies[1]


@pytest.mark.parametrize(
    ("combination", "files"),
    [
        ("combined", [("labelled", 1, 60)]),
        ("current_only", [("labelled", 1, 60)]),
        ("aux_only", [("current", 1, 60)]),
    ],
)
def test_every_combination_of_features_streams(models, loader, stored, combination, files):
    def build(stream):
        config = {"extraction": {"cache_disk": 0, "stream": stream}, "run": {"sample_hz": 0}}
        compensator = DistributionCompensator(
            "cpu",
            40,
            ["SeqFT", "SeqFT + linear", "SeqFT + rff"],
            combination,
            rff_hopdc_dim=64,
            config=RunConfig().merged(config),
            record=False,
        )
        compensator.set_auxiliary_loader(loader([7, 8], 6))
        compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))
        compensator.build_all_variants(2, models[0], models[1], loader([2], 7, count=60))
        stored.clear()
        return compensator.build_all_variants(3, models[1], models[2], loader([3], 9, count=60))

    streamed = build(stream=True)
    assert stored == files
    whole = build(stream=False)
    for name, statistics in whole.items():
        assert list(streamed[name]) == [0, 1, 2, 3]
        for number, item in statistics.items():
            assert torch.linalg.norm(streamed[name][number].mean - item.mean) <= CLOSE * torch.linalg.norm(item.mean)
            assert torch.linalg.norm(streamed[name][number].cov - item.cov) <= CLOSE * torch.linalg.norm(item.cov)


@pytest.mark.parametrize("shape", ["generator", "drawn again and again", "one batch"])
def test_rows_need_not_be_counted_beforehand(move, images, shape):
    values, labels = images([2, 3], 7, 400)

    def rows():
        if shape == "generator":
            return (pair for pair in zip(values.split(90), labels.split(90), strict=True))
        if shape == "one batch":
            return [(values, labels)]
        drawn = torch.utils.data.RandomSampler(
            range(20), replacement=True, num_samples=900, generator=torch.Generator().manual_seed(3)
        )
        few = torch.utils.data.TensorDataset(values[:20], labels[:20])
        return torch.utils.data.DataLoader(few, batch_size=16, sampler=drawn)

    streamed = move(current=rows())
    assert streamed["linear"].counts.sum() == 60 + (900 if shape.startswith("drawn") else 800)
    assert deviation(streamed, move(stream=False, current=rows())) <= CLOSE


def test_every_operator_may_have_a_state_of_its_own(move, old, stored):
    other = slora.ClassState.from_arrays(old.class_ids, old.counts, old.means + 1, 2 * old.covariances)
    states = {"linear": old, "rff": other}
    streamed = move(state=states)
    assert [name for name, *_ in stored] == ["labelled"]
    assert deviation(streamed, move(stream=False, state=states)) <= CLOSE
    assert not np.allclose(streamed["rff"].means[0], move()["rff"].means[0])


def test_rows_of_known_classes_and_of_none_are_pairs_alone(move, images, stored):
    values, labels = images([1, 2], 7)
    labels[(labels == 2).nonzero()[:10]] = -1
    batches = [(values, labels)]
    streamed = move(current=batches)
    assert stored == [("labelled", 1, 20)]
    notices = [event.data for event in of(Notice, move.events) if event.kind == "labels"]
    assert notices == [{"known": [1]}]
    assert list(streamed["rff"].counts) == [30, 30, 20]
    assert deviation(streamed, move(stream=False, current=batches)) <= CLOSE


def test_a_loader_without_new_classes_stores_nothing(move, loader, stored):
    streamed = move(current=loader([0, 1], 3))
    assert stored == []
    assert list(streamed["linear"].class_ids) == [0, 1]
    assert deviation(streamed, move(stream=False, current=loader([0, 1], 3))) <= CLOSE


@pytest.mark.parametrize("cached", [False, True])
def test_every_stage_takes_what_was_predicted(move, loader, monkeypatch, cached):
    """Also with a cache that stays in memory beside the sums; a run with evaluation rows has none."""
    if cached:
        monkeypatch.setattr(
            "slora_core.model_api.disk_cache", lambda config, device: SmartFeatureCache(300, max_bytes=2**20)
        )
    settings = {"extraction": {"batch": 5}}
    move(
        settings=settings,
        aux_loader=loader([7, 8], 6),
        evaluation_loader=None if cached else loader([0, 2], 8),
        budget="4MiB",
    )
    predicted = {event.stage: event.predicted_peak_bytes for event in of(StageStarted, move.events)}
    peaks = {event.stage: event.peaks.allocated_bytes for event in of(StageFinished, move.events)}
    assert {"extract", "check", "statistics", "linear.move", "rff.move"} <= peaks.keys()
    for stage, peak in peaks.items():
        if stage == "extract":  # its forward pass is drawn on from a probe
            assert peak <= predicted[stage] * 1.005 + 16384
            assert predicted[stage] <= 1.2 * peak
        elif predicted[stage] is not None:
            assert peak == predicted[stage], stage
    assert of(RunFinished, move.events)[0].within_budget


def test_a_stored_run_counts_its_cache_in_later_stages(move, loader, monkeypatch):
    monkeypatch.setattr(
        "slora_core.model_api.disk_cache", lambda config, device: SmartFeatureCache(300, max_bytes=2**20)
    )
    move(stream=False, aux_loader=loader([7, 8], 6))
    predicted = {event.stage: event.predicted_peak_bytes for event in of(StageStarted, move.events)}
    peaks = {event.stage: event.peaks.allocated_bytes for event in of(StageFinished, move.events)}
    for stage in ("scan", "check", "statistics", "linear.fit", "linear.move", "rff.fit", "rff.move"):
        assert peaks[stage] == predicted[stage], stage


def test_a_budget_that_cannot_hold_the_sums_stores_the_pairs(move, stored):
    many = {"operators": {"rff": {"samples": 20, "features": 4096}}}
    whole = move(settings=many)
    with pytest.raises(BudgetRefused) as refused:
        move(settings=many, budget=1000)
    assert [name for name, *_ in stored] == ["labelled"]
    tight = move(settings=many, budget=refused.value.smallest_bytes)
    assert of(RunFinished, move.events)[0].within_budget
    assert [name for name, *_ in stored] == ["labelled", "pairs"]
    assert deviation(whole, tight) <= CLOSE


def test_the_smallest_budget_that_streams_is_kept_through_the_statistics(move, stored):
    """Statistics of classes that nobody announced are taken beside the fitted operators."""
    move(settings={"operators": {"names": "linear"}})
    (started,) = of(RunStarted, move.events)
    smallest = started.plan["smallest_feasible_bytes"]
    assert "statistics" in [stage["stage"] for stage in started.plan["stages"]]
    move(settings={"operators": {"names": "linear"}}, budget=smallest)
    assert of(RunFinished, move.events)[0].within_budget


def test_operators_that_keep_the_pairs_have_them_stored(move, stored):
    move(settings={"operators": {"names": "linear,attention", "attention": {"samples": 20, "top_k": 4}}})
    assert stored == [("pairs", 2, 60)]


def test_features_that_are_not_finite_are_refused(move, models, images):
    values, labels = images([2, 3], 7)
    values[17] = torch.nan
    with pytest.raises(InputError, match=r"the pairs: features_before holds NaN or Inf in 1 row \(17\)"):
        move(current=[(values, labels)])
    assert not any(parameter.isnan().any() for parameter in models[1].parameters())


def test_a_single_row_makes_no_pairs(move, images):
    values, labels = images([2], 7, 1)
    with pytest.raises(InputError, match="the loaders yielded 1 row; expected at least two pairs"):
        move(current=[(values, labels)])
