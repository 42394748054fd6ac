"""Class statistics of labelled rows against NumPy and scikit-learn, for any option and order."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import empirical_covariance

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.memory.plan import Option
from slora_core.statistics.labels import LABEL_BLOCK, count_labels
from slora_core.statistics.one_pass import collect_statistics
from slora_core.statistics.plan import StatisticsChoice, statistics_footprint, statistics_options
from slora_core.statistics.state import StateBuilder
from slora_core.types import Workload

CPU = torch.device("cpu")


class Rows:
    """Labelled rows of an array."""

    def __init__(self, features, labels):
        self.features, self.labels = torch.as_tensor(features, dtype=torch.float32), np.asarray(labels, np.int64)
        self.count, self.dim = self.features.shape
        self.rows_read = 0

    def read(self, start, stop, out):
        self.rows_read += stop - start
        out[: stop - start].copy_(self.features[start:stop])

    def read_labels(self, start, stop):
        return self.labels[start:stop]


def option(classes, rows, dim):
    choice = StatisticsChoice(classes, rows)
    return Option(choice, statistics_footprint(choice, dim, CPU_PROFILE), 0.0)


def statistics(rows, classes=3, chunk=32, ctx=None):
    ctx = ctx or RunContext(CPU)
    census = count_labels(ctx, rows)
    out = StateBuilder(census.class_ids, census.counts, rows.dim)
    collect_statistics(ctx, rows, census, option(classes, chunk, rows.dim), out)
    return out.finish()


def sample(count=500, dim=6, classes=5, offset=0.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, classes, count)
    features = rng.normal(size=(count, dim)) * np.linspace(0.5, 3, dim) + labels[:, None] + offset
    return Rows(features, labels * 10 - 9 * (labels < 0) * -1)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_equals_scikit_learn(offset):
    rows = sample(offset=offset)
    state = statistics(rows)
    assert state.class_ids.tolist() == [0, 10, 20, 30, 40]
    for index, class_id in enumerate(state.class_ids):
        members = rows.features[rows.labels == class_id].numpy().astype(np.float64)
        count = len(members)
        assert state.counts[index] == count
        np.testing.assert_allclose(state.means[index], members.mean(0), rtol=1e-7)
        expected = empirical_covariance(members) * count / (count - 1)
        assert np.linalg.norm(state.covariances[index] - expected) <= 1e-6 * np.linalg.norm(expected)


@given(classes=st.integers(1, 6), chunk=st.integers(5, 600), seed=st.integers(0, 5))
@settings(max_examples=10)
def test_no_option_changes_a_bit(classes, chunk, seed):
    rows = sample(300, seed=seed)
    whole = statistics(rows, 5, 300)
    state = statistics(rows, classes, chunk)
    assert np.array_equal(state.means, whole.means)
    assert np.array_equal(state.covariances, whole.covariances)


def test_label_order_does_not_matter():
    rows = sample(count=400)
    order = np.random.default_rng(1).permutation(400)
    shuffled = statistics(Rows(rows.features[torch.from_numpy(order)], rows.labels[order]))
    state = statistics(rows)
    assert np.array_equal(shuffled.class_ids, state.class_ids)
    for one, other in ((shuffled.means, state.means), (shuffled.covariances, state.covariances)):
        assert np.linalg.norm(one - other) <= 1e-6 * np.linalg.norm(other)


def test_rows_beyond_one_block_of_labels():
    count = LABEL_BLOCK + 77
    labels = np.arange(count) % 2
    features = np.random.default_rng(0).normal(size=(count, 2)) + np.arange(count)[:, None] / count
    state = statistics(Rows(features, labels), 1, 1000)
    for index in range(2):
        members = features[labels == index].astype(np.float32).astype(np.float64)
        np.testing.assert_allclose(state.covariances[index], np.cov(members.T), rtol=1e-6)


def test_a_class_with_one_row():
    rows = Rows([[1.0, 2.0], [5.0, 6.0], [3.0, 9.0]], [4, 8, 4])
    census = count_labels(RunContext(CPU), rows)
    state = statistics(rows)
    assert census.one_sample_ids == (8,)
    assert state.means[1].tolist() == [5.0, 6.0]
    assert np.array_equal(state.covariances[1], np.float32(1e-4) * np.eye(2, dtype=np.float32))
    assert state.covariances[0].tolist() == [[2.0, 7.0], [7.0, 24.5]]


def test_census():
    census = count_labels(RunContext(CPU), Rows(np.zeros((6, 1)), [7, -1, 3, 7, -1, 7]))
    assert (census.class_ids.tolist(), census.counts.tolist(), census.unlabelled) == ([3, 7], [1, 3], 2)


def test_bad_labels():
    with pytest.raises(InputError, match=r"labels of f: row 2 has label -5; expected 0 or more, or -1"):
        count_labels(RunContext(CPU), Rows(np.zeros((3, 1)), [0, -1, -5]), "labels of f")
    with pytest.raises(InputError, match=r"none of the 3 rows has a class"):
        statistics(Rows(np.zeros((3, 1)), [-1, -1, -1]))


def test_rows_of_other_classes_are_not_read():
    rows = Rows(np.random.default_rng(0).normal(size=(300, 2)), np.repeat([0, -1, 1], 100))
    statistics(rows, classes=1, chunk=10)
    assert rows.rows_read == 200


@pytest.mark.parametrize("shape", [(5, 32), (2, 500)])
def test_takes_exactly_what_is_planned(shape):
    rows = sample()
    ctx = RunContext(CPU)
    census = count_labels(ctx, rows)
    chosen = option(*shape, rows.dim)
    out = StateBuilder(census.class_ids, census.counts, rows.dim)
    with Ledger() as ledger:
        collect_statistics(ctx, rows, census, chosen, out)
    assert ledger.peak_bytes == chosen.footprint.peak_bytes()
    assert ledger.live_bytes == 0


def test_advances_by_labelled_rows_and_stops_when_cancelled():
    events = []
    ctx = RunContext(CPU, emit=events.append)
    rows = sample()
    with ctx.stage("statistics", total=int((rows.labels >= 0).sum()), unit="rows"):
        statistics(rows, 2, 50, ctx)
    done = [event for event in events if hasattr(event, "fraction") or hasattr(event, "done")][-1]
    assert done.done == (rows.labels >= 0).sum()
    token = CancelToken()
    token.cancel()
    with pytest.raises(RunCancelled):
        statistics(rows, 1, 8, RunContext(CPU, cancel=token))


def test_options_grow_with_classes(pinned_bytes):
    options = statistics_options(Workload(5000, 64, 10, new_classes=10), RunConfig(), CPU_PROFILE)
    assert {option.choice.classes for option in options} == {1, 2, 4, 8, 10}
    sizes = [option.footprint.peak_bytes() for option in options]
    assert max(sizes) > 4 * min(sizes)
    assert all(option.seconds > 0 for option in options)
    on_cuda = statistics_footprint(StatisticsChoice(1, 64), 64, CUDA_PROFILE)
    assert pinned_bytes(on_cuda) == 2 * 64 * 64 * 4
