"""The memory curve against plain lists: values, views, bounds, and what is left of the older half."""

from __future__ import annotations

import math

import numpy as np
import pytest

from slora_core.events import MemorySample
from slora_core.records.run_file import Samples
from slora_core.records.schema import SAMPLE_COUNTERS
from slora_gui.model.sample_store import SampleStore


def _sample(number, allocated=None, rss=None, stage="scan"):
    return MemorySample(number / 50, stage, allocated, None, None, None, None, rss, allocated)


def _as_file(samples):
    names = sorted({sample.stage for sample in samples})
    columns = {
        name: np.array([getattr(sample, name) for sample in samples], dtype=np.float64) for name in SAMPLE_COUNTERS
    }
    times = np.array([sample.t_s for sample in samples])
    stages = np.array([names.index(sample.stage) for sample in samples], np.int32)
    return Samples(times, stages, tuple(names), columns)


@pytest.fixture
def noise():
    """300 samples; the allocated bytes are noise above 2^31 with a gap, RSS is known in one sample only."""
    draw = np.random.default_rng(0).integers(10**10, 2 * 10**10, 300).tolist()
    return [
        _sample(n, None if 20 <= n < 31 else value, 77 if n == 150 else None, f"stage{n // 100}")
        for n, value in enumerate(draw)
    ]


def test_what_is_appended_comes_back(noise):
    store = SampleStore()
    for sample in noise:
        store.append(sample)
    assert len(store) == store.version == 300
    assert store.t_s.tolist() == [sample.t_s for sample in noise]
    known = [None if math.isnan(value) else value for value in store.counter("allocated_bytes")]
    assert known == [sample.allocated_bytes for sample in noise]


def test_a_counter_is_had_from_its_first_known_value_on(noise):
    store = SampleStore()
    seen = []
    for sample in noise:
        store.append(sample)
        seen.append(store.has("rss_bytes"))
    assert seen == [n >= 150 for n in range(300)]
    assert not store.has("reserved_bytes")
    with pytest.raises(KeyError):
        store.counter("bytes")


def test_a_view_never_changes_under_its_holder(noise):
    store = SampleStore(capacity=64)
    held = []
    for sample in noise:
        store.append(sample)
        view = store.counter("allocated_bytes")
        held.append((view, view.copy(), store.t_s, store.t_s.copy()))
    for now, then in [(held_[i], held_[i + 1]) for held_ in held for i in (0, 2)]:
        np.testing.assert_array_equal(now, then)
    with pytest.raises(ValueError, match="read-only"):
        store.t_s[0] = 1.0


@pytest.mark.parametrize("capacity", [8, 64, 100])
def test_beyond_its_capacity_the_older_half_keeps_its_extremes_in_order(noise, capacity):
    store = SampleStore(capacity)
    known = []
    for sample in noise:
        store.append(sample)
        known += [] if sample.allocated_bytes is None else [sample.allocated_bytes]
        kept = store.counter("allocated_bytes")
        assert len(store) <= capacity
        assert (np.nanmin(kept), np.nanmax(kept)) == (min(known), max(known))
    assert (np.diff(store.t_s) > 0).all()
    assert store.t_s[0] == 0.0
    assert store.t_s[-1] == noise[-1].t_s
    recent = capacity // 4
    assert store.t_s[-recent:].tolist() == [sample.t_s for sample in noise[-recent:]]
    assert np.nanmax(store.counter("rss_bytes")) == 77


def test_the_halved_half_by_hand():
    store = SampleStore(capacity=16)
    for number, value in enumerate([5, 1, 9, 3, 4, None, None, 2, *range(20, 29)]):
        store.append(_sample(number, value))
    assert store.counter("allocated_bytes").tolist() == [1, 9, 4, 2, *range(20, 29)]
    assert (store.t_s * 50).round().tolist() == [0, 3, 4, 7, *range(8, 17)]


@pytest.mark.parametrize("capacity", [8, 64, 1000])
def test_a_whole_file_is_the_same_as_its_samples_one_by_one(noise, capacity):
    one_by_one, at_once = SampleStore(capacity), SampleStore(capacity)
    for sample in noise:
        one_by_one.append(sample)
    at_once.extend(_as_file(noise))
    np.testing.assert_array_equal(one_by_one.t_s, at_once.t_s)
    for name in SAMPLE_COUNTERS:
        np.testing.assert_array_equal(one_by_one.counter(name), at_once.counter(name))
        assert one_by_one.has(name) == at_once.has(name)
        values = [value for sample in noise if (value := getattr(sample, name)) is not None]
        assert one_by_one.highest(name) == at_once.highest(name) == max(values, default=None)
    assert one_by_one.version == at_once.version


def test_a_capacity_too_small_to_halve_is_refused():
    with pytest.raises(ValueError, match="at least 8"):
        SampleStore(7)
