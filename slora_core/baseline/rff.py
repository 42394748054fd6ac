"""Random-feature attention the plain way: phi of all keys and of all samples of a class materialised."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from slora_core.baseline.draws import Draws
from slora_core.baseline.features import Features


@dataclass
class RandomFeatureAttention:
    """``weighted`` Phi'V [D, d] and ``mass`` Phi'1 [D] over all pairs."""

    frequencies: Tensor
    offsets: Tensor
    weighted: Tensor
    mass: Tensor

    def __call__(self, queries: Tensor) -> Tensor:
        phi = _phi(queries, self.frequencies, self.offsets)
        return queries + (phi @ self.weighted) / (phi @ self.mass).unsqueeze(1)


def fit_rff(features: Features, count: int, draws: Draws) -> RandomFeatureAttention:
    """``count`` random features D."""
    device = features.before.device
    frequencies, offsets = (part.to(device) for part in draws.random_features(features.before.shape[1], count))
    phi = _phi(features.before, frequencies, offsets)
    drift = features.after - features.before
    return RandomFeatureAttention(frequencies, offsets, phi.T @ drift, phi.sum(dim=0))


def _phi(rows: Tensor, frequencies: Tensor, offsets: Tensor) -> Tensor:
    return (torch.cos(F.normalize(rows, dim=1) @ frequencies.T + offsets) + 1) / math.sqrt(len(offsets))
