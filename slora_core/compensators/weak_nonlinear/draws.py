"""Every random number of the weak-nonlinear fit: where the weights start, and which pairs each batch holds.

Both depend on the seed and the sizes alone. The batches are drawn in sequence, so that reading them in blocks of any
number of steps gives the numbers of one draw.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_INDEX_STREAM: Final = 101


class WeightStart:
    """Fills A, B1, B2 one after another: the identity, then twice the default initialisation of a linear layer."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._filled = 0

    def fill(self, out: Tensor) -> None:
        """The next of the three matrices into the CPU float32 tensor ``out`` [d, d]."""
        if self._filled == 0:
            out.zero_()
            out.diagonal().fill_(1.0)
        else:
            nn.init.kaiming_uniform_(out, a=math.sqrt(5), generator=self._generator)
        self._filled += 1


class IndexStream:
    """Pair numbers 0..pairs-1 drawn with replacement, batch after batch, step after step."""

    def __init__(self, seed: int, pairs: int) -> None:
        self._generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _INDEX_STREAM])))
        self._pairs = pairs

    def fill(self, out: NDArray[np.int64]) -> None:
        """The next ``out.size`` numbers."""
        out[...] = self._generator.integers(0, self._pairs, size=out.shape, dtype=np.int64)


def initial_weights(seed: int, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """A, B1, B2 at the start of the fit, CPU float32 [d, d] each."""
    start = WeightStart(seed)
    weights = torch.empty(dim, dim), torch.empty(dim, dim), torch.empty(dim, dim)
    for weight in weights:
        start.fill(weight)
    return weights


def batch_indices(seed: int, steps: int, batch: int, pairs: int) -> NDArray[np.int64]:
    """The pairs of every batch of the fit, int64 [steps, batch]."""
    indices = np.empty((steps, batch), np.int64)
    IndexStream(seed, pairs).fill(indices)
    return indices
