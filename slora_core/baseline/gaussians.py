"""Memory sources 1 and 5 of the seed: a sample cache that nobody reads, and class statistics on the CPU, all kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from slora_core.errors import NumericalError
from slora_core.numerics.noise import Noise
from slora_core.statistics.base import StateReader

CACHE_ROWS = 50_000
JITTER_STEPS = 6


@dataclass
class Gaussian:
    """A class: ``mean`` [d], ``cov`` [d, d] and, once it was needed, the Cholesky ``factor`` [d, d], on the CPU."""

    mean: Tensor
    cov: Tensor
    name: str = ""
    factor: Tensor | None = None
    jitter: float = 0.0

    def cholesky(self, reg: float) -> Tensor:
        """L of Sigma + reg I, computed once. Raises NumericalError with the name when no jitter helps."""
        if self.factor is None:
            self.factor, self.jitter = _factorise(self.cov, reg, self.name)
        return self.factor


@dataclass
class Sampler:
    """Samples of class Gaussians from given noise. Its cache fills the device on first use and is never read."""

    device: torch.device
    reg: float
    cache: Tensor | None = field(default=None, repr=False)

    def sample(self, gaussian: Gaussian, noise: Noise, index: int) -> Tensor:
        """mu + L eps, [S, d] on the run's device; drawn on the CPU."""
        if self.cache is None:
            self.cache = torch.randn(CACHE_ROWS, noise.dim, device=self.device)
        factor = gaussian.cholesky(self.reg)
        eps = torch.empty(noise.samples, noise.dim)
        noise.read(index, 0, noise.samples, eps)
        samples = gaussian.mean + eps @ factor.T
        return samples.to(self.device)


def read_gaussians(state: StateReader) -> list[Gaussian]:
    """Every class, at once."""
    gaussians = []
    for index, class_id in enumerate(state.class_ids):
        mean, cov = torch.empty(state.dim), torch.empty(state.dim, state.dim)
        state.read(index, mean, cov)
        gaussians.append(Gaussian(mean, cov, f"class {class_id}"))
    return gaussians


def moments(samples: Tensor) -> Gaussian:
    """Mean and covariance (ddof 1) of rows [S, d], on the CPU."""
    samples = samples.cpu()
    return Gaussian(samples.mean(dim=0), torch.cov(samples.T))


def _factorise(cov: Tensor, reg: float, name: str) -> tuple[Tensor, float]:
    eye = torch.eye(cov.shape[0])
    scale = float(cov.diagonal().mean())
    jitter = 0.0
    for step in range(JITTER_STEPS + 1):
        factor, info = torch.linalg.cholesky_ex(cov + (reg + jitter) * eye)
        if int(info) == 0:
            return factor, jitter
        jitter = 1e-6 * scale * 10**step
    raise NumericalError(f"the covariance of {name} is not positive definite, even with a jitter of {jitter / 10:.3g}")
