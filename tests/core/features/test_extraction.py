"""Extraction: pairs that belong together, the same features with every switch, models left as found."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.features.cache.smart import SmartFeatureCache
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import ExtractionWork, MeasuredBatch, ProbedCost, extraction_options
from slora_core.features.probe import probe_extraction
from slora_core.memory.ledger import Ledger

CPU = torch.device("cpu")


def model(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 32), nn.BatchNorm1d(32), nn.Dropout(0.5), nn.GELU(), nn.Linear(32, 5)
    )


def images(rows: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal((rows, 3, 4)).astype(np.float32)


def extracted(models, inputs, **options) -> list[np.ndarray]:
    rows = sum(part.count for part in inputs)
    out = [np.full((rows, 5), np.nan, np.float32) for _ in models]

    def sink(number: int, row: int, features: np.ndarray) -> None:
        out[number][row : row + len(features)] = features

    extractor = Extractor(RunContext(CPU), **options)
    extractor.extract([ModuleEncoder(model) for model in models], inputs, sink)
    return out


@pytest.mark.parametrize("batch", [1, 7, 64])
@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("cached", [True, False])
def test_features_are_those_of_each_model_for_each_row(batch: int, progressive: bool, cached: bool):
    before, after = model(0), model(1)
    first, second = images(20), images(13) + 1
    cache = SmartFeatureCache() if cached else None

    found = extracted(
        [before, after],
        [ArrayInputs(first), ArrayInputs(second, cached=True)],
        batch=batch,
        progressive_release=progressive,
        cache=cache,
    )

    everything = torch.from_numpy(np.concatenate([first, second]))
    for network, features in zip((before, after), found, strict=True):
        network.eval()
        with torch.no_grad():
            assert np.allclose(features, network(everything).numpy(), rtol=1e-5, atol=1e-6)


def test_the_cache_saves_half_of_the_passes_of_the_next_task():
    first, second, third = model(0), model(1), model(2)
    cache = SmartFeatureCache()
    auxiliary = ArrayInputs(images(12), cached=True)

    one = extracted([first, second], [auxiliary], batch=4, cache=cache)
    assert (cache.hits, cache.misses) == (0, 24)
    two = extracted([second, third], [auxiliary], batch=5, cache=cache)

    assert (cache.hits, cache.misses) == (12, 36)
    assert np.array_equal(one[1], two[0])


def test_mixed_precision_is_near_and_says_float32():
    network = [model(0)]
    exact = extracted(network, [ArrayInputs(images(16))], batch=8)[0]
    mixed = extracted(network, [ArrayInputs(images(16))], batch=8, precision="bf16")[0]

    assert mixed.dtype == np.float32
    assert 0 < np.abs(mixed - exact).max() < 0.05


def test_every_module_keeps_its_mode_and_the_default_generator_its_state():
    network = model(0)
    network.train()
    network[3].eval()
    modes = [module.training for module in network.modules()]
    running = network[2].running_mean.clone()
    state = torch.get_rng_state()

    extracted([network], [ArrayInputs(images(9))], batch=4)

    assert [module.training for module in network.modules()] == modes
    assert torch.equal(network[2].running_mean, running)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_a_model_that_draws_numbers_leaves_the_default_generator_as_found():
    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :5] + torch.rand(5)

    state = torch.get_rng_state()
    extracted([Noisy()], [ArrayInputs(images(9))], batch=4)
    assert torch.equal(torch.get_rng_state(), state)


def test_modes_are_restored_when_the_model_fails():
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no features today")

    network = Broken().train()
    with pytest.raises(RuntimeError, match="no features today"):
        extracted([network], [ArrayInputs(images(3))], batch=4)
    assert network.training


def test_a_cancel_stops_between_batches():
    token = CancelToken()
    seen: list[int] = []

    def sink(_: int, row: int, __: np.ndarray) -> None:
        seen.append(row)
        token.cancel()

    with pytest.raises(RunCancelled):
        Extractor(RunContext(CPU, cancel=token), 4).extract([ModuleEncoder(model(0))], [ArrayInputs(images(20))], sink)
    assert seen == [0]


@pytest.mark.parametrize("batch", [16, 64])
def test_the_probe_predicts_the_peak_of_larger_batches(batch: int):
    network = [model(0)]
    cost = probe_extraction([ModuleEncoder(network[0])], images(24), CPU, precision="fp32")

    with Ledger() as ledger:
        extracted(network, [ArrayInputs(images(batch))], batch=batch)

    predicted = cost.fixed_bytes + batch * cost.item_bytes
    assert ledger.peak_bytes <= predicted <= 1.03 * ledger.peak_bytes


@pytest.mark.parametrize("output", ["tokens", "mapping", "record", "head"])
def test_features_are_found_in_what_models_return(output: str):
    class Tokens(nn.Module):
        def forward(self, x: torch.Tensor):
            tokens = x.flatten(1)[:, :10].view(-1, 2, 5)
            return {
                "tokens": tokens,
                "head": tokens,
                "mapping": {"last_hidden_state": tokens},
                "record": SimpleNamespace(features=tokens[:, 0]),
            }[output]

    network = Tokens()
    if output == "head":
        network.forward_head = lambda tokens, pre_logits: tokens[:, 1]
    found = extracted([network], [ArrayInputs(images(6))], batch=4)[0]
    first = 5 if output == "head" else 0
    assert np.array_equal(found, images(6).reshape(6, -1)[:, first : first + 5])


def test_forward_features_is_preferred_to_the_head():
    class Classifier(nn.Module):
        def forward_features(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :5]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise AssertionError("the head is not wanted")

    assert np.array_equal(
        extracted([Classifier()], [ArrayInputs(images(6))], batch=4)[0], images(6).reshape(6, -1)[:, :5]
    )


def test_an_output_without_features_is_refused():
    class Lost(nn.Module):
        def forward(self, x: torch.Tensor) -> str:
            return "nothing"

    with pytest.raises(InputError, match=r"Lost returned a str; expected features \[b, d\]"):
        extracted([Lost()], [ArrayInputs(images(3))], batch=2)


def test_models_of_other_dimensions_are_refused():
    with pytest.raises(InputError, match="d = 5 and d = 12; expected the same d"):
        extracted([model(0), nn.Flatten()], [ArrayInputs(images(3))], batch=2)


def test_measured_batches_count_and_no_line():
    cost = ProbedCost(0, 0, 0.0, batches=(MeasuredBatch(1, 10, 5, 0.1), MeasuredBatch(8, 50, 30, 0.2)))
    assert cost.of(1) == MeasuredBatch(1, 10, 5, 0.1)
    assert cost.of(5) == cost.of(8) == MeasuredBatch(8, 50, 30, 0.2)
    assert cost.of(16) == MeasuredBatch(16, 100, 60, 0.4)


def test_only_measured_batches_are_offered_with_the_segments_that_the_pool_took():
    cost = ProbedCost(0, 0, 0.0, batches=(MeasuredBatch(1, 10, 5, 0.1), MeasuredBatch(8, 50, 30, 0.2)))
    work = ExtractionWork(rows=20, passes=2, dim=4, held_bytes=1000, held_pool_bytes=100)
    options = extraction_options(cost, work, RunConfig())
    assert [option.choice.batch for option in options] == [1, 8]
    assert [option.footprint.peak_bytes(1) for option in options] == [1000 + 100 + 15, 1000 + 100 + 80]
    assert options[1].seconds == pytest.approx(2 * (2 * 0.2 + 0.2))  # the rest of 4 takes what 8 take
