"""Class states in memory."""

import numpy as np
import pytest
import torch

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.checks import check_same_dim, check_state
from slora_core.statistics.joined import JoinedState
from slora_core.statistics.packing import asymmetry, pack_lower, triangle_size, unpack_lower
from slora_core.statistics.plan import check_options
from slora_core.statistics.state import ClassState, StateBuilder
from slora_core.types import Workload

CPU = torch.device("cpu")


def arrays(classes=4, dim=5, first_id=10, seed=0):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(classes, dim, dim))
    return (
        np.arange(first_id, first_id + classes),
        rng.integers(1, 90, classes),
        rng.normal(size=(classes, dim)),
        roots @ roots.transpose(0, 2, 1),
    )


def option(state):
    return check_options(Workload(10, state.dim, len(state.class_ids)), RunConfig(), CPU_PROFILE)[0]


def test_reads_class_by_class():
    ids, counts, means, covariances = arrays()
    state = ClassState.from_arrays(ids, counts, means, covariances)
    mean, covariance = torch.empty(5), torch.empty(5, 5)
    state.read(2, mean, None)
    state.read(2, None, covariance)
    assert np.array_equal(mean, means[2].astype(np.float32))
    assert np.array_equal(covariance, covariances[2].astype(np.float32))
    assert (state.dim, state.class_ids.dtype, state.covariances.dtype) == (5, np.int64, np.float32)
    with pytest.raises(AttributeError):
        state.means = means


def test_merge():
    state = ClassState.from_arrays(*arrays())
    other = ClassState.from_arrays(*arrays(2, first_id=0, seed=1))
    both = state.merged_with(other)
    assert both.class_ids.tolist() == [10, 11, 12, 13, 0, 1]
    assert np.array_equal(both.covariances[1], state.covariances[1])
    assert np.array_equal(both.means[5], other.means[1])
    assert both.counts.tolist() == [*state.counts, *other.counts]
    with pytest.raises(InputError, match=r"class ids 10, 11, 12, 13 occur more than once"):
        state.merged_with(state)
    with pytest.raises(InputError, match=r"d = 5 and d = 3 cannot be joined"):
        state.merged_with(ClassState.from_arrays(*arrays(dim=3, first_id=90)))


def test_joined_states_read_like_merged_ones():
    first, second = (
        ClassState.from_arrays(*arrays(3, first_id=0)),
        ClassState.from_arrays(*arrays(2, first_id=9, seed=1)),
    )
    joined, merged = JoinedState(first, second), first.merged_with(second)
    assert joined.class_ids.tolist() == merged.class_ids.tolist()
    assert joined.counts.tolist() == merged.counts.tolist()
    for index in range(5):
        mean, covariance = torch.empty(5), torch.empty(5, 5)
        joined.read(index, mean, covariance)
        assert np.array_equal(mean, merged.means[index])
        assert np.array_equal(covariance, merged.covariances[index])


def change(position, function):
    values = list(arrays())
    values[position] = function(np.array(values[position]))
    return values


def with_value(index, value):
    def put(array):
        array[index] = value
        return array

    return put


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (change(0, with_value(1, 10)), r"class ids 10 occur more than once"),
        (change(0, lambda ids: ids + 0.5), r"class ids have dtype float64"),
        (change(0, lambda ids: ids[:3]), r"3 class ids but 4 counts"),
        (change(1, with_value(2, 0)), r"count of class ids 12 is below 1"),
        (change(2, lambda means: means[:, 0]), r"means have shape \[4\]; expected \[4, d\]"),
        (change(2, with_value((3, 1), np.nan)), r"mean of class 13 holds NaN or Inf"),
        (change(3, with_value((1, 0, 0), np.inf)), r"covariance of class 11 holds NaN or Inf"),
        (change(3, with_value((1, 0, 3), np.nan)), r"covariance of class 11 holds NaN or Inf"),
        (change(3, with_value((2, 4, 0), 99.0)), r"covariance of class 12 is not symmetric: .* differ .* by up to"),
        (change(3, lambda c: c[:, :4, :4]), r"covariances have shape \[4, 4, 4\]; expected \[4, 5, 5\]"),
        ((np.empty(0, int), np.empty(0, int), np.empty((0, 2)), np.empty((0, 2, 2))), r"no classes"),
    ],
)
def test_bad_values_are_named(values, message):
    with pytest.raises(InputError, match=message):
        ClassState.from_arrays(*values)


def test_rounding_is_not_asymmetry():
    ids, counts, means, covariances = arrays(dim=300)
    noisy = covariances * (1 + 1e-6 * np.random.default_rng(0).normal(size=covariances.shape))
    assert len(ClassState.from_arrays(ids, counts, np.resize(means, (4, 300)), noisy).class_ids) == 4


def test_asymmetry_looks_at_every_element():
    matrix = np.eye(300)
    assert asymmetry(matrix) == (0.0, 1.0)
    matrix[299, 1] = -2.5
    assert asymmetry(matrix) == (2.5, 2.5)


def test_builder():
    ids, counts, means, covariances = arrays()
    builder = StateBuilder(ids, counts, 5)
    for index in (2, 0, 3):
        builder.write(index, torch.tensor(means[index]), torch.tensor(covariances[index]))
    with pytest.raises(ValueError, match=r"classes number \[1\]"):
        builder.finish()
    builder.write(1, torch.tensor(means[1]), torch.tensor(covariances[1]))
    assert np.array_equal(builder.finish().covariances, covariances.astype(np.float32))


def test_check_reads_every_class_in_its_buffers():
    state = ClassState.from_arrays(*arrays())
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with Ledger() as ledger, ctx.stage("check", total=4, unit="classes"):
        check_state(ctx, state, option(state))
    assert ledger.peak_bytes == option(state).footprint.peak_bytes() == (5 + 25) * 4
    assert [event.done for event in events if hasattr(event, "done")][-1] == 4
    on_cuda = check_options(Workload(10, 5, 4), RunConfig(), CUDA_PROFILE)[0]
    assert on_cuda.footprint.peak_bytes(512) == 0
    state.covariances[3, 2, 1] = np.nan
    with pytest.raises(InputError, match="class state 's': the covariance of class 13 holds NaN"):
        check_state(ctx, state, option(state), "class state 's'")
    token = CancelToken()
    token.cancel()
    with pytest.raises(RunCancelled):
        check_state(RunContext(CPU, cancel=token), state, option(state))


def test_different_dims_are_named():
    state, pairs = ClassState.from_arrays(*arrays()), ArrayPairs(np.ones((2, 7)), np.ones((2, 7)))
    with pytest.raises(InputError, match=r"d differs: class state 's' has d = 5, feature file 'f' d = 7"):
        check_same_dim(state, pairs, "class state 's'", "feature file 'f'")
    check_same_dim(state, ArrayPairs(np.ones((2, 5)), np.ones((2, 5))))


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_packing_is_row_wise_lower(dim):
    matrix = arrays(1, dim)[3][0]
    packed = np.empty(triangle_size(dim))
    pack_lower(matrix, packed)
    assert np.array_equal(packed, matrix[np.tril_indices(dim)])
    out = np.full((dim, dim), np.nan)
    unpack_lower(packed, out)
    assert np.array_equal(out, matrix)
