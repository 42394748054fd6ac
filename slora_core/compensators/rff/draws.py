"""The random frequencies and offsets of the features: they follow from the seed and the sizes alone."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
from torch import Tensor

_FREQUENCY_STREAM: Final = 201


def fill_random_features(seed: int, gamma: float, omega: Tensor, offset: Tensor) -> None:
    """Omega ~ N(0, 2 gamma I) into ``omega`` [D, d] and b ~ U[0, 2 pi) into ``offset`` [D], CPU float32."""
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _FREQUENCY_STREAM])))
    generator.standard_normal(dtype=np.float32, out=omega.numpy())
    omega.mul_(math.sqrt(2 * gamma))
    generator.random(dtype=np.float32, out=offset.numpy())
    offset.mul_(2 * math.pi)


def random_features(seed: int, dim: int, features: int, *, gamma: float) -> tuple[Tensor, Tensor]:
    """Omega [D, d] and b [D] of a fit with D = ``features``."""
    omega, offset = torch.empty(features, dim), torch.empty(features)
    fill_random_features(seed, gamma, omega, offset)
    return omega, offset
