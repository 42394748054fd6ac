"""Samples drawn on a CUDA device: the same bits in every chunk and batch, so that each meets the same neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from slora_core.compensators.push import GaussianPush
from slora_core.compensators.push_plan import push_buffers
from slora_core.context import RunContext
from slora_core.memory.device import CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import GivenNoise
from slora_core.statistics.state import ClassState

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
CLASSES, SAMPLES = 8, 1000


class Discarded:
    def write(self, index, mean, covariance) -> None:
        return


def drawn(state: ClassState, eps: np.ndarray, batch: int, chunk: int) -> np.ndarray:
    """Every sample [C, S, d] that a transition is given."""
    device, dim = torch.device("cuda"), state.dim
    samples, place = np.full((CLASSES, SAMPLES, dim), np.nan, np.float32), [0, 0]

    def watch(rows: torch.Tensor) -> None:
        first, start = place
        values = rows.cpu().numpy().reshape(batch, -1, dim)
        samples[first : first + batch, start : start + values.shape[1]] = values
        place[1] += values.shape[1]

    buffers = push_buffers(batch=batch, chunk=chunk, dim=dim, device=CUDA_PROFILE, samples=SAMPLES, blend=False)
    with Workspace(Footprint(standing=buffers), device) as workspace:
        push = GaussianPush(
            RunContext(device), workspace, batch=batch, chunk=chunk, noise=GivenNoise(eps), reg=1e-4, samples=SAMPLES
        )
        for first in range(0, CLASSES, batch):
            place[:] = [first, 0]
            push.run(range(first, first + batch), state, watch, None, Discarded())
        push.close()
    return samples


@pytest.mark.parametrize("dim", [96, 384, 768])
def test_a_sample_has_the_same_bits_in_every_chunk_and_batch(dim: int) -> None:
    rng = np.random.default_rng(dim)
    roots = rng.standard_normal((CLASSES, dim, 2 * dim), dtype=np.float32)
    covariances = roots @ roots.transpose(0, 2, 1) / (2 * dim)
    ids = np.arange(CLASSES)
    means = rng.standard_normal((CLASSES, dim), dtype=np.float32)
    state = ClassState.from_arrays(ids, ids + 9, means, (covariances + covariances.transpose(0, 2, 1)) / 2)
    eps = rng.standard_normal((SAMPLES, dim), dtype=np.float32)
    reference = drawn(state, eps, 1, SAMPLES)
    assert np.isfinite(reference).all()
    for batch, chunk in ((8, SAMPLES), (4, 512), (2, 300), (8, 64), (1, 96)):
        np.testing.assert_array_equal(drawn(state, eps, batch, chunk), reference, err_msg=f"{batch} x {chunk}")
