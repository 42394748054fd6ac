"""Random numbers handed to the baseline from outside, so that a comparison can give both engines the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Draws:
    """Where fits get their random numbers; all of them on the CPU.

    ``initial_weights(dim)`` gives A, B1, B2 [d, d] of the weak-nonlinear network, ``batch_indices(steps, batch,
    pairs)`` its int64 batches [steps, batch], ``random_features(dim, features)`` the frequencies Omega [D, d] and
    offsets b [D] of the random Fourier features.
    """

    initial_weights: Callable[[int], tuple[Tensor, Tensor, Tensor]]
    batch_indices: Callable[[int, int, int], NDArray[np.int64]]
    random_features: Callable[[int, int], tuple[Tensor, Tensor]]
