"""Class statistics on the device, one class at a time, and the factors made from them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError, NumericalError
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.statistics.base import StateReader


class ClassStatistics:
    """Means and covariances of a state in float64, through the shared buffers of ``space``.

    Raises InputError for a state without classes.
    """

    def __init__(self, state: StateReader, space: Workspace, staging: Staging) -> None:
        if len(state.class_ids) == 0:
            raise InputError("the class state has no classes: expected at least one to classify into")
        self.state = state
        self._space = space
        self._staging = staging
        self._pooled: Tensor | None = None

    @property
    def class_ids(self) -> NDArray[np.int64]:
        return self.state.class_ids

    def __len__(self) -> int:
        return len(self.state.class_ids)

    def load_mean(self, index: int, out: Tensor) -> None:
        """mu of class number ``index`` into ``out`` [d] float64."""
        mean = self._space["mean32"]
        self._staging.upload(mean, lambda buffer: self.state.read(index, buffer, None))
        out.copy_(mean)

    def load_covariance(self, index: int, out: Tensor) -> None:
        """Sigma of class number ``index`` into ``out`` [d, d] float64."""
        covariance = self._space["covariance32"]
        self._staging.upload(covariance, lambda buffer: self.state.read(index, None, buffer))
        out.copy_(covariance)

    def pooled(self) -> Tensor:
        """mean_c(Sigma_c) [d, d] float64, computed at the first call through ``square``."""
        if self._pooled is None:
            pooled, square = self._space["pooled"].zero_(), self._space["square"]
            for index in range(len(self)):
                self.load_covariance(index, square)
                pooled.add_(square)
            self._pooled = pooled.div_(len(self))
        return self._pooled


def factor_in_place(matrix: Tensor, info: Tensor) -> Tensor:
    """Lower Cholesky factor of the symmetric ``matrix`` [d, d], in its memory; ``info`` is the 0-d code of LAPACK.

    Returned in LAPACK's column order, in which it is written and later solved with without a copy.
    """
    columns = matrix.mT
    torch.linalg.cholesky_ex(columns, out=(columns, info))
    return columns


def log_determinant(factor: Tensor, scratch: Tensor, out: Tensor) -> None:
    """log det(L L') into the 0-d ``out``; ``scratch`` is [d]."""
    torch.log(factor.diagonal(), out=scratch)
    torch.sum(scratch, dim=0, out=out)
    out.mul_(2)


def require_factored(info: Tensor, class_ids: NDArray[np.int64], what: str) -> None:
    """Raises NumericalError that names the classes of ``info`` [C] whose matrix was not positive definite."""
    failed = [int(class_id) for class_id, code in zip(class_ids, info.tolist(), strict=True) if code != 0]
    if failed:
        raise NumericalError(
            f"{what}: the regularised covariance of class {', '.join(map(str, failed[:5]))} is not positive definite",
            "check the class statistics for negative variances, NaN or Inf, or raise the shrinkage of the classifier",
        )
