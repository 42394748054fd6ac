"""Moments against NumPy in double precision, for any chunking, and against the declared buffers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slora_core.errors import NumericalError
from slora_core.memory.footprint import Footprint
from slora_core.memory.ledger import Ledger
from slora_core.memory.workspace import Workspace
from slora_core.numerics.moments import MomentAccumulator
from slora_core.numerics.moments_plan import moment_buffers

CPU = torch.device("cpu")


def accumulate(x, cuts, *, batch=None, chunk=128):
    """Moments of x [B, n, d] added in the pieces between ``cuts``; float64 results."""
    classes, rows, dim = x.shape
    footprint = Footprint(standing=moment_buffers(batch or classes, chunk, dim))
    with Workspace(footprint, CPU) as workspace:
        accumulator = MomentAccumulator(workspace, batch or classes)
        for start, stop in zip([0, *cuts], [*cuts, rows], strict=True):
            accumulator.add(x[:, start:stop])
        mean, cov = torch.empty(classes, dim, dtype=torch.float64), torch.empty(classes, dim, dim, dtype=torch.float64)
        accumulator.finish(mean, cov)
    return mean.numpy(), cov.numpy()


def sample(classes, rows, dim, offset=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.linspace(0.2, 2.0, dim)
    return torch.randn(classes, rows, dim, generator=generator) * scale + offset


@pytest.mark.parametrize("dim", [1, 5, 64, 65, 200, 400])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_mean_and_covariance_equal_numpy(dim, offset):
    x = sample(2, 300, dim, offset)
    mean, cov = accumulate(x, [7, 150])
    for number in range(2):
        rows = x[number].numpy().astype(np.float64)
        expected = np.cov(rows.T).reshape(dim, dim)
        np.testing.assert_allclose(mean[number], rows.mean(0), rtol=1e-13, atol=1e-13)
        assert np.linalg.norm(cov[number] - expected) <= 1e-12 * np.linalg.norm(expected)


@given(data=st.data())
@settings(max_examples=25)
def test_chunking_and_declared_chunk_do_not_matter(data):
    rows = data.draw(st.integers(2, 400))
    dim = data.draw(st.sampled_from([3, 66]))
    cuts = sorted(data.draw(st.sets(st.integers(1, rows - 1), max_size=6)))
    chunk = data.draw(st.sampled_from([1, 64, 100, 5000]))
    x = sample(2, rows, dim, offset=100.0, seed=rows)
    whole_mean, whole_cov = accumulate(x, [])
    mean, cov = accumulate(x, cuts, chunk=chunk)
    np.testing.assert_allclose(mean, whole_mean, rtol=1e-14)
    assert np.linalg.norm(cov - whole_cov) <= 1e-12 * np.linalg.norm(whole_cov)


def test_same_block_gives_the_same_bits_for_any_chunking():
    x = sample(1, 1000, 390)
    first, second = accumulate(x, []), accumulate(x, [1, 3, 130, 777])
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


@pytest.mark.parametrize("dim", [6, 130, 500])
def test_float32_covariance_is_exactly_symmetric(dim):
    x = sample(2, 50, dim)
    with Workspace(Footprint(standing=moment_buffers(2, 50, dim)), CPU) as workspace:
        accumulator = MomentAccumulator(workspace, 2)
        accumulator.add(x)
        mean, cov = torch.empty(2, dim), torch.empty(2, dim, dim)
        accumulator.finish(mean, cov)
    assert torch.equal(cov, cov.transpose(1, 2))


def test_a_smaller_batch_and_a_second_use_leave_no_trace():
    first, second = sample(3, 200, 10, seed=1), sample(2, 90, 10, seed=2)
    with Workspace(Footprint(standing=moment_buffers(3, 64, 10)), CPU) as workspace:
        accumulator = MomentAccumulator(workspace, 3)
        accumulator.add(first)
        accumulator.finish(torch.empty(3, 10), torch.empty(3, 10, 10))
        accumulator.add(second)
        mean, cov = torch.empty(2, 10), torch.empty(2, 10, 10)
        accumulator.finish(mean, cov)
        accumulator.add(first)
        accumulator.reset()
        assert accumulator.count == 0
    for number in range(2):
        np.testing.assert_allclose(cov[number], np.cov(second[number].numpy().T), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 300, 20), (1, 300, 400)])
def test_no_tensor_beside_the_declared_buffers(shape):
    classes, _, dim = shape
    x = sample(*shape)
    mean, cov = torch.empty(classes, dim), torch.empty(classes, dim, dim)
    footprint = Footprint(standing=moment_buffers(classes, 100, dim))
    with Ledger() as ledger, Workspace(footprint, CPU) as workspace:
        accumulator = MomentAccumulator(workspace, classes)
        for start in range(0, 300, 70):
            accumulator.add(x[:, start : start + 70])
        accumulator.finish(mean, cov)
    assert ledger.peak_bytes == footprint.peak_bytes()


def test_one_row_has_no_covariance():
    with Workspace(Footprint(standing=moment_buffers(1, 64, 3)), CPU) as workspace:
        accumulator = MomentAccumulator(workspace, 1)
        accumulator.add(torch.ones(1, 1, 3))
        with pytest.raises(NumericalError, match="1 row is not defined"):
            accumulator.finish(torch.empty(1, 3), torch.empty(1, 3, 3))


def test_moments_of_nothing_are_zero():
    with Workspace(Footprint(standing=moment_buffers(1, 64, 3)), CPU) as workspace:
        workspace["moment_m2"].fill_(7.0)
        count, mean, m2 = MomentAccumulator(workspace, 1).moments()
        assert (count, float(mean.abs().sum()), float(m2.abs().sum())) == (0, 0.0, 0.0)


def test_wrong_batches_are_refused():
    with Workspace(Footprint(standing=moment_buffers(2, 64, 3)), CPU) as workspace:
        accumulator = MomentAccumulator(workspace, 2)
        with pytest.raises(ValueError, match="3 classes"):
            accumulator.add(torch.ones(3, 1, 3))
        accumulator.add(torch.ones(2, 1, 3))
        with pytest.raises(ValueError, match="rows of 1 classes after rows of 2"):
            accumulator.add(torch.ones(1, 1, 3))


@pytest.mark.parametrize("cut", [0, 1, 90, 199, 200])
def test_moments_of_others_are_absorbed(cut):
    """Rows of a second accumulator, handed over in the blocks that a rank sends."""
    x = sample(1, 200, 37, 1e3)
    footprint = Footprint(standing=moment_buffers(1, 16, 37))
    with Workspace(footprint, CPU) as own, Workspace(footprint, CPU) as others:
        first, second = MomentAccumulator(own, 1), MomentAccumulator(others, 1)
        first.add(x[:, :cut])
        second.add(x[:, cut:])
        count, mean, m2 = second.moments()
        coming = [mean[0], *m2[0].split(first.block_rows)]
        if count:
            first.absorb(count, lambda out: out.copy_(coming.pop(0)))
        assert first.count == 200
        result = torch.empty(1, 37, dtype=torch.float64), torch.empty(1, 37, 37, dtype=torch.float64)
        first.finish(*result)
    rows = x[0].numpy().astype(np.float64)
    np.testing.assert_allclose(result[0][0].numpy(), rows.mean(axis=0), rtol=1e-13)
    expected = np.cov(rows.T)
    assert np.linalg.norm(result[1][0].numpy() - expected) <= 1e-12 * np.linalg.norm(expected)
    assert np.array_equal(result[1][0].numpy(), result[1][0].numpy().T)
