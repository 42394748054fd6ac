"""The smart feature cache: what it computes, forgets and never confuses."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from slora_core.errors import InputError
from slora_core.features.cache.keys import fingerprint
from slora_core.features.cache.smart import SmartFeatureCache


class CountingModel(nn.Module):
    """Linear features that count how often they are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.linear(x)


def batch(seed: int, rows: int = 4) -> torch.Tensor:
    return torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed))


def test_the_same_input_is_computed_once_and_gives_the_models_features():
    model, cache = CountingModel(), SmartFeatureCache()

    first, second = cache.get_features(model, batch(0)), cache.get_features(model, batch(0).clone())

    assert model.calls == 1
    assert (cache.hits, cache.misses) == (4, 4)
    assert torch.equal(first, second)
    assert torch.equal(first, model(batch(0)))


@pytest.mark.parametrize("change", ["weight", "bias", "data"])
def test_a_changed_weight_is_never_answered_with_old_features(change: str):
    model, cache = CountingModel(), SmartFeatureCache()
    stale = cache.get_features(model, batch(0)).clone()

    with torch.no_grad():
        if change == "data":
            model.linear.weight.data[0, 0] += 1e-6 + model.linear.weight.data[0, 0].abs()
        else:
            getattr(model.linear, change).view(-1)[0] += 1.0
    fresh = cache.get_features(model, batch(0))

    assert not torch.equal(fresh, stale)
    assert torch.equal(fresh, model(batch(0)))


def test_two_models_of_equal_weights_share_their_features():
    model, twin = CountingModel(), CountingModel()
    twin.load_state_dict(model.state_dict())
    cache = SmartFeatureCache()

    cache.get_features(model, batch(0))
    cache.get_features(twin, batch(0))

    assert twin.calls == 0
    assert fingerprint(model) == fingerprint(twin)


def test_inputs_of_equal_bytes_and_other_shape_are_told_apart():
    cache = SmartFeatureCache(encode=lambda _, x: x.flatten(1).sum(1, keepdim=True))
    model = nn.Identity()

    assert cache.get_features(model, torch.ones(2, 3)).shape == (2, 1)
    assert cache.get_features(model, torch.ones(3, 2)).shape == (3, 1)
    assert cache.hits == 0


def test_the_least_recently_used_entry_goes_first():
    model, cache = CountingModel(), SmartFeatureCache(max_cache_size=8)
    cache.get_features(model, batch(0))
    cache.get_features(model, batch(1))
    cache.get_features(model, batch(0))
    cache.get_features(model, batch(2))
    assert cache.rows == 8

    calls = model.calls
    cache.get_features(model, batch(0))
    assert model.calls == calls
    cache.get_features(model, batch(1))
    assert model.calls == calls + 1


def test_entries_unused_for_longer_than_the_age_expire():
    model, cache = CountingModel(), SmartFeatureCache()
    cache.clear_expired_cache(1)
    cache.get_features(model, batch(0))
    cache.get_features(model, batch(1))
    cache.clear_expired_cache(2)
    cache.get_features(model, batch(0))
    cache.clear_expired_cache(3)

    assert cache.rows == 4
    calls = model.calls
    cache.get_features(model, batch(0))
    assert model.calls == calls


def test_capacity_in_bytes_is_kept_and_can_shrink_later():
    model, cache = CountingModel(), SmartFeatureCache(max_bytes=100)
    for seed in range(5):
        cache.get_features(model, batch(seed))
        assert cache.size_bytes <= 100
    cache.adapt_capacity(40)
    assert cache.size_bytes == 40
    cache.adapt_capacity(0)
    assert cache.size_bytes == 0
    assert torch.equal(cache.get_features(model, batch(9)), model(batch(9)))
    assert cache.size_bytes == 0


def test_a_negative_size_is_refused():
    with pytest.raises(InputError, match="max_cache_size = -1"):
        SmartFeatureCache(-1)
