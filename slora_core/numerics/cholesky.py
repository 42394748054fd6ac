"""Batched Cholesky factors of covariances, with an info check and a recorded jitter per matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from slora_core.errors import NumericalError

FIRST_JITTER: Final = 1e-6
JITTER_STEPS: Final = 6


def factor_covariances(
    cov: Tensor, work: Tensor, info: Tensor, scale: Tensor, *, reg: float, name: Callable[[int], str]
) -> dict[int, float]:
    """Replace covariances Sigma by transposed factors L' of Sigma + reg I = L L'.

    ``cov`` [B, d, d] float32 changes in place; ``work`` [B, d, d] float64, ``info`` [B] int32 and ``scale`` [1] float64
    are scratch. Factored in float64: single and batched routines of a library then agree to the last bit of float32.

    A matrix that is not positive definite is tried again with a jitter of 1e-6 of its mean variance, then ten times
    more, up to 0.1. Returns ``{i: jitter}`` of those. Raises NumericalError with ``name(i)`` when none works.
    """
    work.copy_(cov)
    _factor(work, info, reg)
    jitter = {
        i: _factor_with_jitter(cov[i : i + 1], work[i : i + 1], info[i : i + 1], scale, reg=reg, name=name(i))
        for i in _failed(info)
    }
    cov.copy_(work)
    return jitter


def try_factors(cov: Tensor, work: Tensor, info: Tensor, *, reg: float) -> None:
    """As :func:`factor_covariances`, without waiting for the device: where ``info`` [B] is not 0 afterwards the matrix
    is not positive definite and its factor no good."""
    work.copy_(cov)
    _factor(work, info, reg)
    cov.copy_(work)


def _factor_with_jitter(cov: Tensor, work: Tensor, info: Tensor, scale: Tensor, *, reg: float, name: str) -> float:
    work.copy_(cov)
    torch.mean(work[0].diagonal(), dim=0, keepdim=True, out=scale)
    mean_variance = float(scale.item())
    if not 0 < mean_variance < float("inf"):
        raise NumericalError(f"the covariance of {name} is not valid: its mean variance is {mean_variance:g}")
    for step in range(JITTER_STEPS):
        jitter = FIRST_JITTER * mean_variance * 10.0**step
        _factor(work, info, reg + jitter)
        if not _failed(info):
            return jitter
        work.copy_(cov)
    raise NumericalError(
        f"the covariance of {name} is not positive definite: neither with reg {reg:g} nor with a jitter of up to"
        f" {jitter:.3g}",
        "check the class statistics, or raise operators.cholesky_reg",
    )


def _factor(work: Tensor, info: Tensor, ridge: float) -> None:
    """In place."""
    work.diagonal(dim1=1, dim2=2).add_(ridge)
    columns = work.mT  # LAPACK's order: written in place, without a copy
    torch.linalg.cholesky_ex(columns, out=(columns, info))


def _failed(info: Tensor) -> list[int]:
    """Positions of the matrices that are not positive definite. Waits for the device."""
    return [i for i, code in enumerate(info.tolist()) if code != 0]
