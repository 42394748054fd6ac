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
    factor: Tensor,
    info: Tensor,
    scale: Tensor,
    *,
    reg: float,
    reload: Callable[[int], None],
    name: Callable[[int], str],
) -> dict[int, float]:
    """Replace covariances Sigma by transposed factors L' of Sigma + reg I = L L', in place.

    ``factor`` [B, d, d] float32 holds Sigma at entry; ``info`` [B] int32 and ``scale`` [1] are scratch. A matrix that
    is not positive definite is restored by ``reload(i)`` and tried again with a jitter of 1e-6 of its mean variance,
    then ten times more, up to 0.1. Returns ``{i: jitter}`` of those. Raises NumericalError with ``name(i)`` when none
    works.
    """
    jitter: dict[int, float] = {}
    for i in _factor(factor, info, reg):
        reload(i)
        torch.mean(factor[i].diagonal(), dim=0, keepdim=True, out=scale)
        ladder = _jitters(float(scale.tolist()[0]), name(i))
        for value in ladder:
            if not _factor(factor[i : i + 1], info[i : i + 1], reg + value):
                jitter[i] = value
                break
            reload(i)
        else:
            raise NumericalError(
                f"the covariance of {name(i)} is not positive definite: neither with reg {reg:g} nor with"
                f" a jitter of up to {ladder[-1]:.3g}",
                "check the class statistics, or raise operators.cholesky_reg",
            )
    return jitter


def _jitters(mean_variance: float, name: str) -> list[float]:
    if not 0 < mean_variance < float("inf"):
        raise NumericalError(f"the covariance of {name} is not valid: its mean variance is {mean_variance:g}")
    return [FIRST_JITTER * mean_variance * 10**step for step in range(JITTER_STEPS)]


def _factor(factor: Tensor, info: Tensor, ridge: float) -> list[int]:
    """Factor in place; positions of the matrices that are not positive definite."""
    factor.diagonal(dim1=1, dim2=2).add_(ridge)
    columns = factor.mT  # LAPACK's order: written in place, without a copy
    torch.linalg.cholesky_ex(columns, out=(columns, info))
    return [i for i, code in enumerate(info.tolist()) if code != 0]
