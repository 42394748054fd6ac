"""The front in the shape of SubspaceLoRA: its surface, its mathematics, and what it leaves behind."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch

import slora_core as slora
from slora_core.compat import DistributionCompensator, GaussianStatistics
from slora_core.config import RunConfig
from slora_core.errors import BudgetRefused, ConfigError, InputError
from slora_core.events import Notice, RunFinished, StageFinished, StageStarted
from slora_core.records.history import History
from slora_core.records.run_file import RunFile

TYPES = ["SeqFT", "SeqFT + linear", "SeqFT + weaknonlinear", "SeqFT + Hopfield", "SeqFT + rff"]
QUICK = RunConfig().merged(
    {
        "extraction": {"cache_disk": 0},
        "operators": {
            "weaknonlinear": {"steps": 20, "samples": 100},
            "attention": {"samples": 100},
            "rff": {"samples": 100, "features": 64},
        },
        "run": {"sample_hz": 0},
    }
)


def make(**options) -> DistributionCompensator:
    return DistributionCompensator(**{"device": "cpu", "hopfield_topk": 20, "config": QUICK} | options)


def features(model, batch) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return model.forward_features(batch).numpy()


def close(statistics, mean, covariance) -> bool:
    return np.allclose(statistics.mean, mean, rtol=1e-4, atol=1e-5) and np.allclose(
        statistics.cov, covariance, rtol=1e-3, atol=1e-4
    )


def test_at_task_one_every_variant_starts_from_the_tasks_own_statistics(models, loader, images):
    compensator = make(compensator_types=TYPES)
    variants = compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))

    values, labels = images([0, 1], 5)
    expected = slora.class_statistics(features(models[0], values), labels)
    assert compensator.get_variant_names() == TYPES
    assert list(variants) == TYPES
    assert variants is compensator.variants
    for statistics in variants.values():
        assert list(statistics) == [0, 1]
        for number in (0, 1):
            assert close(statistics[number], expected.means[number], expected.covariances[number])


@pytest.mark.parametrize("combination", ["combined", "aux_only", "current_only"])
def test_later_tasks_move_old_classes_as_the_engine_does_on_arrays(models, loader, images, combination):
    compensator = make(compensator_types=TYPES, feature_combination_type=combination, auxiliary_data_size=40)
    compensator.set_auxiliary_loader(loader([7, 8], 6))
    first = compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))
    old = slora.ClassState.from_arrays(
        [0, 1], [30, 30], np.stack([first["SeqFT"][i].mean for i in (0, 1)]), [first["SeqFT"][i].cov for i in (0, 1)]
    )
    variants = compensator.build_all_variants(2, models[0], models[1], loader([2, 3], 7))

    current, labels = images([2, 3], 7)
    auxiliary = images([7, 8], 6)[0][:40]
    rows = {"combined": torch.cat([current, auxiliary]), "aux_only": auxiliary, "current_only": current}[combination]
    config = QUICK.merged({"operators": {"attention": {"top_k": 20}}})
    expected = slora.compensate(
        features(models[0], rows),
        features(models[1], rows),
        old,
        operators="linear,weaknonlinear,attention,rff",
        config=config,
        device="cpu",
    )
    new = slora.class_statistics(features(models[1], current), labels)
    for operator, variant in zip(expected, TYPES[1:], strict=True):
        assert list(variants[variant]) == [0, 1, 2, 3]
        for i in (0, 1):
            assert close(variants[variant][i], expected[operator].means[i], expected[operator].covariances[i]), variant
    for variant in TYPES:
        for i in (2, 3):
            assert close(variants[variant][i], new.means[i - 2], new.covariances[i - 2])
    for i in (0, 1):
        assert torch.equal(variants["SeqFT"][i].mean, first["SeqFT"][i].mean)


def test_half_of_the_passes_over_auxiliary_rows_vanish_from_the_third_task_on(models, loader):
    compensator = make(compensator_types=["SeqFT + linear"], auxiliary_data_size=50)
    compensator.set_auxiliary_loader(loader([7, 8], 6))
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    assert (compensator.cache.hits, compensator.cache.misses) == (0, 100)
    compensator.build_all_variants(3, models[1], models[2], loader([2], 3))
    assert (compensator.cache.hits, compensator.cache.misses) == (50, 150)

    compensator.clear_cache()
    assert compensator.cache.rows == 0


def test_without_compensation_nothing_moves_and_no_pairs_are_made(models, loader):
    compensator = make(compensator_types=["SeqFT"])
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    before = compensator.variants["SeqFT"][0].mean.clone()
    models[0].passes = 0
    variants = compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    assert list(variants["SeqFT"]) == [0, 1]
    assert torch.equal(variants["SeqFT"][0].mean, before)
    assert models[0].passes == 0


def test_the_names_of_other_versions_are_understood_and_kept(models, loader):
    usual = make(compensator_types=["SeqFT", "SeqFT + linear", "SeqFT + Hopfield"])
    other = make(compensator_types=["SeqFT", "SeqFT + linear_transform", "SeqFT + HopDC", "SeqFT + Hopfield"])
    for compensator in (usual, other):
        compensator.build_all_variants(1, None, models[0], loader([0], 1))
        compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    assert other.get_variant_names() == list(other.variants) == ["SeqFT", "SeqFT + linear_transform", "SeqFT + HopDC"]
    for ours, theirs in zip(usual.variants.values(), other.variants.values(), strict=True):
        assert torch.equal(ours[0].cov, theirs[0].cov)
        assert torch.equal(ours[1].mean, theirs[1].mean)
    assert set(make().get_variant_names()) == set(TYPES)


def test_arguments_of_later_versions_act_or_warn(models, loader):
    with pytest.warns(UserWarning, match="rgda_num_centers = 4 has no effect here: several centers"):
        warned = make(rgda_num_centers=4)
    assert warned.get_variant_names() == TYPES
    wide, narrow = make(compensator_types=["SeqFT + rff"], rff_hopdc_dim=512), make(compensator_types=["SeqFT + rff"])
    for compensator in (wide, narrow):
        compensator.build_all_variants(1, None, models[0], loader([0], 1))
        compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    assert not torch.equal(wide.variants["SeqFT + rff"][0].mean, narrow.variants["SeqFT + rff"][0].mean)
    with pytest.raises(TypeError, match="unexpected keyword argument 'hopfield_tmp'"):
        make(hopfield_tmp=0.1)


@pytest.mark.parametrize("call", ["pair", "single"])
def test_current_only_leaves_the_unmoved_statistics_alone(models, loader, images, call):
    compensator = make(compensator_types=["SeqFT", "SeqFT + linear"])
    for number, model in enumerate(models[:2]):
        pair = (models[0], model) if call == "pair" else (model,)
        variants = compensator.build_current_only(number + 1, *pair, loader([number], 1), low_rank=call == "single")
    assert compensator.get_variant_names() == list(variants) == ["SeqFT"]
    assert list(variants["SeqFT"]) == [0, 1]
    for number, model in enumerate(models[:2]):
        expected = slora.class_statistics(features(model, images([number], 1)[0]), images([number], 1)[1])
        assert close(variants["SeqFT"][number], expected.means[0], expected.covariances[0])
    with pytest.raises(InputError, match=r"'SeqFT \+ linear' has no statistics of earlier tasks"):
        compensator.build_all_variants(3, models[1], models[2], loader([2], 3))


def test_a_first_task_that_fails_leaves_what_was_there(models, loader):
    compensator = make(compensator_types=["SeqFT + linear"], record=False)
    before = compensator.build_all_variants(1, None, models[0], loader([0, 1], 1))
    compensator._config = compensator._config.merged({"memory": {"budget": "2B"}})
    with pytest.raises(BudgetRefused):
        compensator.build_all_variants(1, None, models[1], loader([2], 2))
    assert compensator.variants is before
    assert list(before["SeqFT + linear"]) == [0, 1]
    compensator._config = compensator._config.merged({"memory": {"budget": None}})
    assert list(compensator.build_all_variants(1, None, models[1], loader([2], 2))["SeqFT + linear"]) == [2]
    assert list(compensator._counts) == [2]


STREAMED = ["SeqFT", "SeqFT + linear", "SeqFT + rff"]


@pytest.mark.parametrize("again", [[1, 2], [0, 1]])
@pytest.mark.parametrize(
    ("types", "combination"), [(TYPES, "combined"), (STREAMED, "combined"), (STREAMED, "aux_only")]
)
def test_a_class_that_comes_again_has_that_tasks_statistics(models, loader, images, again, types, combination):  # noqa: PLR0917
    def after_two_tasks(classes):
        compensator = make(
            compensator_types=types, feature_combination_type=combination, auxiliary_data_size=40, record=False
        )
        compensator.set_auxiliary_loader(loader([7, 8], 6))
        compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))
        compensator.build_all_variants(2, models[0], models[1], classes)
        return compensator

    def as_new(number):
        return number + 10 if number in (0, 1) else number

    values, labels = images(again, 7, 20)
    batches = list(zip(values.split(16), labels.split(16), strict=True))
    renamed = [(x, torch.tensor([as_new(int(label)) for label in y])) for x, y in batches]
    compensator, other = after_two_tasks(batches), after_two_tasks(renamed)

    assert compensator._counts == {0: 30, 1: 30} | dict.fromkeys(again, 20)
    for variant in types:
        found, expected = compensator.variants[variant], other.variants[variant]
        assert list(found) == sorted({0, 1, *again})
        for number in found:
            source = as_new(number) if number in again else number
            assert torch.equal(found[number].mean, expected[source].mean), (variant, number)
            assert torch.equal(found[number].cov, expected[source].cov), (variant, number)


@pytest.mark.parametrize(
    ("again", "counted"),
    [([1, 2], "1 old and 2 new classes"), ([0, 1], "0 old and 2 new classes"), ([2], "2 old and 1 new class")],
)
@pytest.mark.parametrize("types", [["SeqFT", "SeqFT + weaknonlinear"], STREAMED])
def test_a_class_that_comes_again_is_planned_once_as_a_new_one(models, loader, again, counted, types):
    events = []
    compensator = make(compensator_types=types, on_event=events.append, record=False)
    compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))
    events.clear()
    compensator.build_all_variants(2, models[0], models[1], loader(again, 7))
    (message,) = (event.message for event in events if isinstance(event, Notice) and event.kind == "replanned")
    assert message.startswith(f"planned again for {30 * len(again)} pairs, {counted}:")
    for event in events:
        if isinstance(event, StageFinished) and event.stage.endswith(".move"):
            started = next(e for e in events if isinstance(e, StageStarted) and e.stage == event.stage)
            assert event.peaks.allocated_bytes <= started.predicted_peak_bytes


@pytest.mark.parametrize("call", ["build_current_only", "build_all_variants"])
def test_without_compensation_too_a_class_that_comes_again_is_replaced(models, loader, images, call):
    compensator = make(compensator_types=["SeqFT"], record=False)
    compensator.build_all_variants(1, None, models[0], loader([0, 1], 1))
    kept = compensator.variants["SeqFT"][1].mean.clone()
    getattr(compensator, call)(2, models[0], models[1], loader([0], 2, 10))
    values, labels = images([0], 2, 10)
    expected = slora.class_statistics(features(models[1], values), labels)
    assert close(compensator.variants["SeqFT"][0], expected.means[0], expected.covariances[0])
    assert torch.equal(compensator.variants["SeqFT"][1].mean, kept)
    assert compensator._counts == {0: 10, 1: 30}


def test_a_budget_of_nothing_is_refused_and_not_taken_as_none():
    for budget in (0, ""):
        with pytest.raises(ConfigError, match="memory size"):
            make(memory_budget=budget)


def test_what_is_left_out_is_named(models):
    with pytest.raises(InputError, match="no model or no loader"):
        make().build_current_only(1, models[0])


def test_models_and_generators_are_left_as_found(models, loader):
    compensator = make(compensator_types=["SeqFT + linear"])
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    models[1].train()
    models[1].head.eval()
    modes = [module.training for module in models[1].modules()]
    pointers = [parameter.data_ptr() for parameter in models[1].parameters()]
    state = torch.get_rng_state()

    compensator.build_all_variants(2, models[0], models[1], loader([1], 2, shuffle=True))

    assert [module.training for module in models[1].modules()] == modes
    assert [parameter.data_ptr() for parameter in models[1].parameters()] == pointers
    assert all(parameter.requires_grad for parameter in models[1].parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_every_task_has_a_run_file_and_events(models, loader, tmp_path):
    events = []
    compensator = make(compensator_types=["SeqFT + linear"], memory_budget="8MiB", on_event=events.append)
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    compensator.build_all_variants(2, models[0], models[1], loader([1], 2))

    runs = History().list_runs()
    assert [run.status for run in runs] == ["finished", "finished"]
    assert sorted(run.path.stem.split("-")[2] + run.path.stem.split("-")[3] for run in runs) == ["task1", "task2"]
    assert all(run.budget_bytes == 8 * 2**20 for run in runs)
    finished = [event for event in events if isinstance(event, RunFinished)]
    assert all(event.within_budget for event in finished)
    with closing(RunFile.open(max(runs, key=lambda run: run.path.stem.split("-")[3]).path)) as run:
        assert "extract" in [stage.stage for stage in run.stages()]
        for stage in run.stages():
            if stage.predicted_peak_bytes is not None:
                assert stage.allocated_bytes <= stage.predicted_peak_bytes * 1.005 + 16384, stage
    assert any(isinstance(event, StageFinished) and event.stage == "linear.move" for event in events)


def test_a_budget_that_cannot_hold_it_is_refused_and_the_variants_stay(models, loader):
    compensator = make(compensator_types=["SeqFT + linear"], memory_budget="1KiB")
    with pytest.raises(BudgetRefused, match="smallest that can is"):
        compensator.build_all_variants(1, None, models[0], loader([0], 1))
    assert compensator.variants == {"SeqFT": {}, "SeqFT + linear": {}}
    assert [run.status for run in History().list_runs()] == ["failed"]


def test_statistics_from_a_checkpoint_go_on(models, loader):
    kept = make(compensator_types=["SeqFT", "SeqFT + linear"])
    kept.build_all_variants(1, None, models[0], loader([0, 1], 1))
    fresh = make(compensator_types=["SeqFT", "SeqFT + linear"])
    fresh.variants = {
        name: {number: GaussianStatistics(item.mean.clone(), item.cov.clone()) for number, item in statistics.items()}
        for name, statistics in kept.variants.items()
    }
    for compensator in (kept, fresh):
        compensator.build_all_variants(2, models[0], models[1], loader([2], 2))
    for number in (0, 1, 2):
        assert torch.equal(kept.variants["SeqFT + linear"][number].cov, fresh.variants["SeqFT + linear"][number].cov)


@pytest.mark.parametrize(
    "shape", ["index first", "dictionary", "lists of labels", "generator", "domain last", "two views", "names between"]
)
def test_batches_of_other_shapes_are_understood(models, images, shape):
    values, labels = images([0, 1], 5)
    parts = list(zip(values.split(16), labels.split(16), strict=True))
    batches = {
        "index first": [(torch.arange(len(x)), x, y) for x, y in parts],
        "dictionary": [{"pixel_values": x, "labels": y} for x, y in parts],
        "lists of labels": [[x, y.tolist()] for x, y in parts],
        "generator": (pair for pair in parts),
        "domain last": [(x, y, torch.full_like(y, 7)) for x, y in parts],
        "two views": [(x, x + 1, y) for x, y in parts],
        "names between": [(x, [f"{label}.png" for label in y], y) for x, y in parts],
    }[shape]
    variants = make(compensator_types=["SeqFT"]).build_all_variants(1, None, models[0], batches)
    expected = slora.class_statistics(features(models[0], values), labels)
    assert close(variants["SeqFT"][1], expected.means[1], expected.covariances[1])


X = torch.zeros(4, 3, 4, 4)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ("text", "batch 0 is a str; expected"),
        ((1, 2, 3, 4), r"batch 0 is a tuple of 4 \(int, int, int, int\); expected"),
        ({"pixels": X}, "batch 0 is a dictionary with the keys 'pixels'; expected"),
        ({"images": X}, "without labels"),
        (X, r"a tensor \[4, 3, 4, 4\] of float32 without labels"),
        ((X, torch.zeros(4)), r"4 inputs and labels that are a tensor \[4\] of float32; expected one whole number"),
        ((X, torch.zeros(3, dtype=torch.long)), r"4 inputs and labels that are a tensor \[3\]"),
        ((X, torch.tensor([0, 0, -7, 0])), "holds label -7; expected 0 or more"),
    ],
)
def test_batches_that_are_not_understood_are_described(models, batch, message):
    with pytest.raises(InputError, match=message):
        make(compensator_types=["SeqFT"]).build_all_variants(1, None, models[0], [batch])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("types", [["SeqFT", "SeqFT + linear"], ["SeqFT", "SeqFT + attention_transform"]])
def test_features_that_are_not_finite_are_named_where_no_pair_is_made_of_them(models, loader, images, types, bad):
    def spoilt(classes):
        values, labels = images(classes, 7)
        values[labels == classes[-1]] *= bad
        return [(values, labels)]

    compensator = make(compensator_types=types, feature_combination_type="aux_only", record=False)
    with pytest.raises(InputError, match="the features of class 1 hold NaN or Inf; expected finite numbers"):
        compensator.build_all_variants(1, None, models[0], spoilt([0, 1]))
    compensator.set_auxiliary_loader(loader([7, 8], 6))
    compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))
    with pytest.raises(InputError, match="the features of class 3 hold NaN or Inf; expected finite numbers"):
        compensator.build_all_variants(2, models[0], models[1], spoilt([2, 3]))
    assert list(compensator.variants["SeqFT"]) == [0, 1]


def test_wrong_calls_say_what_was_expected(models, loader):
    compensator = make(compensator_types=["SeqFT + linear"])
    with pytest.raises(InputError, match="task_id = 0: expected a whole number from 1"):
        compensator.build_all_variants(0, None, models[0], loader([0], 1))
    with pytest.raises(InputError, match=r"'SeqFT' has no statistics of earlier tasks"):
        compensator.build_all_variants(2, models[0], models[1], loader([0], 1))
    with pytest.raises(InputError, match="the data loader is empty"):
        compensator.build_all_variants(1, None, models[0], [])
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    with pytest.raises(InputError, match="before and after the task are one object"):
        compensator.build_all_variants(2, models[0], models[0], loader([1], 1))
    with pytest.raises(InputError, match="d = 10 and d = 48; expected the same d"):
        compensator.build_all_variants(2, models[0], torch.nn.Flatten(), loader([1], 1))
    aux = make(compensator_types=["SeqFT + linear"], feature_combination_type="aux_only")
    aux.variants = compensator.variants
    with pytest.raises(InputError, match="set_auxiliary_loader was not called"):
        aux.build_all_variants(2, models[0], models[1], loader([1], 1))
    with pytest.raises(ConfigError, match=r"unknown compensator type 'linear'; known: SeqFT, SeqFT \+ linear"):
        make(compensator_types=["linear"])
    with pytest.raises(ConfigError, match="expected one of combined, aux_only, current_only"):
        make(feature_combination_type="both")


def test_the_gaussian_samples_and_moves():
    cov = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    item = GaussianStatistics(torch.tensor([1.0, -1.0]), cov)
    assert torch.allclose(item.L @ item.L.T, cov + 1e-4 * torch.eye(2), atol=1e-6)
    eps = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    samples = item.sample(cached_eps=eps)
    assert torch.allclose(samples, item.mean + eps @ torch.linalg.cholesky(cov + 1e-4 * torch.eye(2)).T, atol=1e-6)
    assert torch.allclose(item.sample(10, eps), samples[:10], atol=1e-6)
    assert item.sample(3).shape == (3, 2)
    assert item.to("cpu") is item
    assert item.reg == 1e-4
    assert item.centers is item.gmm_means is None
    with pytest.raises(InputError, match="neither n_samples nor cached_eps"):
        item.sample()
    with pytest.raises(InputError, match="at least 600 rows"):
        item.sample(600, eps)
    with pytest.raises(InputError, match=r"expected \[d\] and \[d, d\]"):
        GaussianStatistics(torch.zeros(3), cov)


def test_an_interrupt_is_recorded_as_a_cancelled_run(models, loader, tmp_path):
    def interrupt(event):
        if isinstance(event, StageFinished):
            raise KeyboardInterrupt

    compensator = make(compensator_types=["SeqFT"], on_event=interrupt, run_folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        compensator.build_all_variants(1, None, models[0], loader([0, 1], 1))
    (header,) = History(tmp_path).list_runs()
    assert header.status == "cancelled"
    assert compensator.variants == {"SeqFT": {}}
