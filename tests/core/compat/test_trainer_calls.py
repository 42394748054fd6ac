"""What trainers of the public project do with the compensator and its statistics, beside calling it."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

import slora_core as slora
from slora_core.compat import DistributionCompensator
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError, OutputError
from slora_core.records.history import History

QUICK = RunConfig().merged({"extraction": {"cache_disk": 0}, "run": {"sample_hz": 0}})


def make(*types: str, **options) -> DistributionCompensator:
    return DistributionCompensator(compensator_types=list(types), **{"device": "cpu", "record": False} | options)


@pytest.fixture
def data(loader, images):
    return loader, images


def features(model, batch) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return model.forward_features(batch).numpy()


def test_before_the_first_task_every_variant_is_there_and_empty():
    asked = ["SeqFT", "SeqFT + linear_transform"]
    compensator = DistributionCompensator(device="cpu", compensator_types=asked)
    assert compensator.compensator_types == asked
    assert compensator.variants == {"SeqFT": {}, "SeqFT + linear_transform": {}}
    assert compensator.get_variant_names() == asked


def test_the_unmoved_statistics_are_kept_also_when_nobody_asked(models, loader):
    compensator = make("SeqFT + linear")
    first = compensator.build_all_variants(1, models[0], models[0], loader([0], 1))["SeqFT"][0].mean.clone()
    compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    assert compensator.get_variant_names() == ["SeqFT", "SeqFT + linear"]
    assert list(compensator.variants["SeqFT"]) == [0, 1]
    assert torch.equal(compensator.variants["SeqFT"][0].mean, first)


def test_a_variant_changed_in_place_leaves_the_others(models, loader):
    compensator = make("SeqFT", "SeqFT + linear", "SeqFT + HopDC")
    variants = compensator.build_all_variants(1, None, models[0], loader([0], 1))
    untouched = variants["SeqFT + linear"][0].cov.clone()
    variants["SeqFT"][0].cov.mul_(2)
    assert torch.equal(variants["SeqFT + linear"][0].cov, untouched)
    variants = compensator.build_all_variants(2, models[0], models[1], loader([1], 2))
    untouched = variants["SeqFT + linear"][1].cov.clone()
    variants["SeqFT"][1].cov.mul_(2)
    assert torch.equal(variants["SeqFT + linear"][1].cov, untouched)


@pytest.mark.parametrize(
    ("name", "config", "mixing"),
    [
        ("SeqFT + HopDC", None, 0.1),
        ("SeqFT + Hopfield", None, 0.1),
        ("SeqFT + attention_transform", None, 0.0),
        ("SeqFT + HopDC", QUICK, 0.0),
        ("SeqFT + HopDC", QUICK.merged({"operators": {"attention": {"mean_mixing": 0.3}}}), 0.3),
    ],
)
def test_means_are_mixed_as_the_version_of_the_name_does(models, data, name, config, mixing):
    loader, images = data
    compensator = make(name, hopfield_topk=20, config=config)
    first = compensator.build_all_variants(1, None, models[0], loader([0, 1], 5))[name]
    old = slora.ClassState.from_arrays(
        [0, 1], [30, 30], np.stack([first[i].mean for i in (0, 1)]), [first[i].cov for i in (0, 1)]
    )
    found = compensator.build_all_variants(2, models[0], models[1], loader([2], 7))[name]
    rows = images([2], 7)[0]
    unmixed = slora.compensate(
        features(models[0], rows),
        features(models[1], rows),
        old,
        operators="attention",
        config=QUICK.merged({"operators": {"attention": {"top_k": 20, "mean_mixing": 0.0}}}),
        device="cpu",
    )["attention"]
    for i in (0, 1):
        expected = (1 - mixing) * unmixed.means[i] + mixing * old.means[i]
        assert np.linalg.norm(found[i].mean.numpy() - expected) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("top_k", [0, -1, 10**6])
def test_a_top_k_of_nothing_takes_all_pairs(models, loader, top_k):
    moved = []
    for asked in (top_k, 30):  # 30 rows in the loader
        compensator = make("SeqFT + HopDC", hopfield_topk=asked)
        compensator.build_all_variants(1, None, models[0], loader([0], 1))
        moved.append(compensator.build_all_variants(2, models[0], models[1], loader([1], 2))["SeqFT + HopDC"][0].mean)
    assert torch.allclose(*moved, rtol=1e-5, atol=1e-6)


def test_task_numbers_of_numpy_are_whole_numbers(models, loader, tmp_path):
    compensator = make("SeqFT + linear", record=True, run_folder=tmp_path)
    for number in np.arange(1, 3):
        compensator.build_all_variants(number, models[number - 2], models[number - 1], loader([int(number)], 1))
    assert list(compensator.variants["SeqFT + linear"]) == [1, 2]
    assert [run.status for run in History(tmp_path).list_runs()] == ["finished", "finished"]


def test_a_history_that_cannot_be_written_warns_and_training_goes_on(models, loader, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "file" / "below"))
    compensator = make("SeqFT", record=True)
    with pytest.warns(UserWarning, match=r"task 1 is not recorded: the folder '.*below/runs' cannot be created"):
        variants = compensator.build_all_variants(1, None, models[0], loader([0], 1))
    assert list(variants["SeqFT"]) == [0]
    named = make("SeqFT", record=True, run_folder=tmp_path / "file" / "runs")
    with pytest.raises(OutputError, match="cannot be created"):
        named.build_all_variants(1, None, models[0], loader([0], 1))
    assert named.variants == {"SeqFT": {}}


def test_only_arguments_that_would_change_something_warn():
    nothing_lost = {"rgda_num_centers": 1, "rgda_gmm_k": 0, "rff_hopdc_seed": 42, "rff_hopdc_compensate_cov": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make("SeqFT", "SeqFT + HopDC", **nothing_lost)
        make("SeqFT + RFF-HopDC", rff_hopdc_compensate_cov=True, rff_hopdc_drift_clip=0.0)
    with pytest.warns(UserWarning, match="rff_hopdc_compensate_cov = False has no effect here: covariances are moved"):
        make("SeqFT + RFF-HopDC", rff_hopdc_compensate_cov=False)
    with pytest.raises(ConfigError, match="compensator_types is empty"):
        make()


def pickled(it):
    return pickle.loads(pickle.dumps(it))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_goes_on_as_the_original_does(models, loader, copied):
    original = make("SeqFT", "SeqFT + linear", "SeqFT + HopDC")
    original.set_auxiliary_loader(loader([7], 6))
    original.build_all_variants(1, None, models[0], loader([0, 1], 1))
    twin = copied(original)
    for compensator in (original, twin):
        compensator.build_all_variants(2, models[0], models[1], loader([2], 2))
    for name in original.variants:
        for number in (0, 1, 2):
            assert torch.equal(original.variants[name][number].cov, twin.variants[name][number].cov)


def test_saved_statistics_are_no_larger_than_they_are_and_go_on(models, loader):
    compensator = make("SeqFT + linear")
    compensator.build_all_variants(1, None, models[0], loader([0, 1, 2, 3], 1))
    one = io.BytesIO()
    torch.save(compensator.variants["SeqFT"][0].cov, one)
    assert one.tell() < 2 * 4 * 10 * 10 + 2000
    file = io.BytesIO()
    torch.save(compensator.variants, file)
    file.seek(0)
    other = make("SeqFT + linear")
    other.variants = torch.load(file, weights_only=False)
    for each in (compensator, other):
        each.build_all_variants(2, models[0], models[1], loader([4], 2))
    assert torch.equal(compensator.variants["SeqFT + linear"][0].cov, other.variants["SeqFT + linear"][0].cov)


@pytest.mark.parametrize("wrapped", [nn.DataParallel, AveragedModel])
def test_wrapped_modules_give_the_features_of_the_module(models, loader, wrapped):
    """Their own forward gives logits [b, 3] here."""
    plain, other = make("SeqFT + linear"), make("SeqFT + linear")
    plain.set_auxiliary_loader(loader([7], 6))
    other.set_auxiliary_loader(loader([7], 6))
    for task in (1, 2):
        before, after = models[task - 1].drifted(8), models[task]
        plain.build_all_variants(task, before, after, loader([task], task))
        other.build_all_variants(task, wrapped(before), wrapped(after), loader([task], task))
    for number in (1, 2):
        found, expected = (each.variants["SeqFT + linear"][number] for each in (other, plain))
        assert torch.equal(found.mean, expected.mean)
        assert torch.equal(found.cov, expected.cov)


class Named(Dataset):
    """(image, label, name), as the public data sets yield."""

    def __init__(self, values, labels) -> None:
        self.values, self.labels = values, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int):
        return self.values[index], int(self.labels[index]), f"class {int(self.labels[index])}"


def test_shuffled_loaders_whose_workers_persist_give_what_plain_ones_do(models, images):
    moved = []
    for options in ({}, {"shuffle": True, "num_workers": 1, "persistent_workers": True}):
        compensator = make("SeqFT + linear")
        loaders = [DataLoader(Named(*images([number], number)), batch_size=16, **options) for number in range(2)]
        compensator.set_auxiliary_loader(DataLoader(Named(*images([7], 6)), batch_size=16, **options))
        for task, (before, data) in enumerate(zip([None, models[0]], loaders, strict=True), start=1):
            compensator.build_all_variants(task, before, models[task - 1], data)
        assert sum(len(batch[0]) for batch in loaders[1]) == 30
        moved.append(compensator.variants["SeqFT + linear"])
    for number in (0, 1):
        assert torch.allclose(moved[0][number].mean, moved[1][number].mean, rtol=1e-4, atol=1e-5)
        assert torch.allclose(moved[0][number].cov, moved[1][number].cov, rtol=1e-4, atol=1e-4)


class Adapters(nn.Module):
    """One of two adapters is active, by its name or its number alone; ``passes`` is a counter and no setting."""

    def __init__(self) -> None:
        super().__init__()
        self.adapters = nn.ModuleList([nn.Linear(48, 10), nn.Linear(48, 10)])
        self.active = 0
        self.passes = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += len(x)
        return self.adapters[self.active](x.flatten(1))


def test_cached_features_know_which_adapter_is_active(loader):
    torch.manual_seed(0)
    before = Adapters()
    after = copy.deepcopy(before)
    after.active = 1
    last = copy.deepcopy(after)
    with torch.no_grad():
        last.adapters[1].weight.add_(0.05)
    moved = []
    for cached in (True, False):
        config = QUICK.merged({"measures": {"feature_cache": cached}})
        compensator = make("SeqFT + linear", feature_combination_type="aux_only", config=config)
        compensator.set_auxiliary_loader(loader([7], 6))
        compensator.build_all_variants(1, None, before, loader([0], 1))
        compensator.build_all_variants(2, before, after, loader([1], 2))
        if cached:
            assert (compensator.cache.hits, compensator.cache.misses) == (0, 60)
        moved.append(compensator.build_all_variants(3, copy.deepcopy(after), last, loader([2], 3))["SeqFT + linear"][0])
        if cached:
            assert (compensator.cache.hits, compensator.cache.misses) == (30, 90)
    assert torch.allclose(moved[0].mean, moved[1].mean, rtol=1e-5, atol=1e-6)


class Scaled(nn.Module):
    """A buffer that is not saved with the model, and state of its own that is."""

    def __init__(self, scale: torch.Tensor) -> None:
        super().__init__()
        self.linear = nn.Linear(48, 10)
        self.register_buffer("scale", scale, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x.flatten(1)) * self.scale

    def get_extra_state(self) -> dict[str, int]:
        return {"version": 1}


def test_cached_features_know_buffers_that_are_not_saved(loader):
    torch.manual_seed(0)
    before = Scaled(torch.ones(10))
    after = copy.deepcopy(before)
    after.scale[:5] = 3
    moved = []
    for cached in (True, False):
        config = QUICK.merged({"measures": {"feature_cache": cached}})
        compensator = make("SeqFT + linear", feature_combination_type="aux_only", config=config)
        compensator.set_auxiliary_loader(loader([7], 6))
        compensator.build_all_variants(1, None, before, loader([0], 1))
        moved.append(compensator.build_all_variants(2, before, after, loader([1], 2))["SeqFT + linear"][0].mean)
    assert torch.allclose(*moved, rtol=1e-5, atol=1e-6)


def test_a_program_whose_default_is_float64_gets_the_same_statistics(models, loader):
    tasks = [list(loader([0, 1], 1)), list(loader([2], 2))]

    def moved():
        compensator = make("SeqFT + linear", "SeqFT + Hopfield", "SeqFT + weaknonlinear", "SeqFT + rff", config=QUICK)
        compensator.build_all_variants(1, None, models[0], tasks[0])
        return compensator.build_all_variants(2, models[0], models[1], tasks[1])

    expected = moved()
    torch.set_default_dtype(torch.float64)
    try:
        found = moved()
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    for name, statistics in expected.items():
        for number, item in statistics.items():
            assert torch.equal(found[name][number].mean, item.mean)
            assert torch.equal(found[name][number].cov, item.cov)


def test_features_that_are_no_numbers_are_told_as_those_of_the_pairs(models, loader):
    class Broken(nn.Module):
        def forward(self, inputs):
            return models[1].forward_features(inputs) * float("nan")

    compensator = make("SeqFT + Hopfield")
    compensator.build_all_variants(1, None, models[0], loader([0], 1))
    with pytest.raises(InputError, match=r"^the features of the pairs: features_after holds NaN or Inf in \d+ rows"):
        compensator.build_all_variants(2, models[0], Broken(), loader([1], 2))
