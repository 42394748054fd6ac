"""A class as a Gaussian, in the shape that SubspaceLoRA's classifiers take."""

from __future__ import annotations

import torch
from torch import Tensor

from slora_core.errors import InputError
from slora_core.numerics.cholesky import factor_covariances

REG = 1e-4


class GaussianStatistics:
    """``mean`` [d] and ``cov`` [d, d] of a class, float32; ``L`` is the Cholesky factor of ``cov`` + ``reg`` I.

    The factor is computed when it is first asked for. A covariance that is not positive definite gets a jitter of at
    most a tenth of its mean variance; beyond that NumericalError is raised. Later versions know centers and mixtures of
    a class; here there are none.
    """

    centers: None = None
    gmm_means: None = None
    gmm_diag_vars: None = None
    gmm_weights: None = None

    def __init__(self, mean: Tensor, cov: Tensor, reg: float = REG) -> None:
        if mean.ndim != 1 or cov.shape != (len(mean), len(mean)):
            raise InputError(f"mean {list(mean.shape)} and cov {list(cov.shape)}: expected [d] and [d, d]")
        self.mean = mean
        self.cov = cov
        self.reg = reg
        self._factor: Tensor | None = None

    @property
    def L(self) -> Tensor:
        """Lower triangular [d, d], on the device of ``cov``."""
        if self._factor is None:
            batch = self.cov.detach().float().clone().unsqueeze(0)
            work = torch.empty_like(batch, dtype=torch.float64)
            info = torch.empty(1, dtype=torch.int32, device=batch.device)
            scale = torch.empty(1, dtype=torch.float64, device=batch.device)
            factor_covariances(batch, work, info, scale, reg=self.reg, name=lambda _: "the class")
            self._factor = batch[0].mT.tril()
        return self._factor

    def to(self, device: torch.device | str) -> GaussianStatistics:
        """Move to ``device``, in place; returns itself."""
        self.mean, self.cov = self.mean.to(device), self.cov.to(device)
        if self._factor is not None:
            self._factor = self._factor.to(device)
        return self

    def sample(self, n_samples: int | None = None, cached_eps: Tensor | None = None) -> Tensor:
        """mean + L eps as rows [n, d]: eps the first ``n_samples`` rows of ``cached_eps`` (None: all), or fresh noise.

        Raises InputError when neither is given, or ``cached_eps`` has too few rows or another d.
        """
        dim = len(self.mean)
        if cached_eps is None:
            if n_samples is None:
                raise InputError("sample() was given neither n_samples nor cached_eps; expected one of them")
            eps = torch.randn(n_samples, dim, dtype=self.mean.dtype, device=self.mean.device)
        else:
            rows = len(cached_eps) if n_samples is None else n_samples
            if cached_eps.ndim != 2 or cached_eps.shape[1] != dim or len(cached_eps) < rows:
                raise InputError(
                    f"cached_eps has shape {list(cached_eps.shape)}; expected at least {rows} rows of d = {dim}"
                )
            eps = cached_eps[:rows].to(self.mean.device, self.mean.dtype)
        return self.mean + eps @ self.L.mT.to(self.mean.dtype)
