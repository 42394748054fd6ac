"""Alpha1-SLDC the plain way: normalised copies of all features, and a class congruence at a time on the CPU.

The products and the solve are float64. In float32, as public code has them, W is off by up to 0.4 % on features of low
rank, and a comparison of engines would show that instead of what the memory measures do.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from slora_core.baseline.features import Features
from slora_core.baseline.gaussians import Gaussian
from slora_core.config import LinearConfig

PIECE_ROWS = 512


def fit_linear(features: Features, config: LinearConfig) -> Tensor:
    """W [d, d]."""
    before = F.normalize(features.before, dim=1)
    after = F.normalize(features.after, dim=1)
    count, dim = before.shape
    eye = torch.eye(dim, device=before.device, dtype=torch.float64)
    weight = torch.linalg.solve(_product(before, before) + config.gamma * eye, _product(before, after))
    mixing = math.exp(-count / (config.mixing_temperature * dim))
    mixed: Tensor = (1 - mixing) * weight + mixing * eye
    return mixed.float()


def move_linear(weight: Tensor, gaussian: Gaussian, config: LinearConfig) -> Gaussian:
    """mu W and W' Sigma W + ridge I."""
    weight = weight.cpu()
    cov = weight.T @ gaussian.cov @ weight
    cov = (cov + cov.T) / 2 + config.ridge * torch.eye(len(weight))
    return Gaussian(gaussian.mean @ weight, cov)


def _product(left: Tensor, right: Tensor) -> Tensor:
    """left' right in float64."""
    total = torch.zeros(left.shape[1], right.shape[1], dtype=torch.float64, device=left.device)
    for a, b in zip(torch.split(left, PIECE_ROWS), torch.split(right, PIECE_ROWS), strict=True):
        total += a.double().T @ b.double()
    return total
