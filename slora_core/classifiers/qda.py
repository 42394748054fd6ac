"""Quadratic discriminant analysis, class by class: one [d, d] factor in memory at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from slora_core.classifiers.base import Classifier
from slora_core.classifiers.blocks import FeatureRows, RowBlocks
from slora_core.classifiers.statistics import ClassStatistics, factor_in_place, log_determinant, require_factored
from slora_core.memory.workspace import Workspace

QDA_RIDGE = 1e-3


class QuadraticDiscriminant(Classifier):
    """QDA: score = log N(x; mu_c, S_c), S_c = a1 Sigma_c + a2 mean_c(Sigma_c) + (a3 + 1e-3) I.

    With S_c = L L' the quadratic form is |L^-1 (x - mu_c)|^2. Covariances are read from the state again at every call:
    O(d^2 + M C) memory instead of C d^2.
    """

    def __init__(
        self, statistics: ClassStatistics, space: Workspace, blocks: RowBlocks, alphas: tuple[float, float, float]
    ) -> None:
        self._pooled = statistics.pooled()
        super().__init__(statistics.class_ids, self._pooled.shape[0], blocks)
        self._statistics = statistics
        self._own, self._common, self._ridge = alphas[0], alphas[1], alphas[2] + QDA_RIDGE
        self._square, self._diagonal = space["square"], space["diagonal"]
        self._mean, self._offset = space["mean"], space["offset"][0]
        self._norms, self._info = space["norms"], space["info"][:-1]

    def score_rows(self, rows: FeatureRows, scores: Tensor, report: Callable[[int], None]) -> None:
        for index in range(len(self.class_ids)):
            lower = self._load(index)
            for start, stop, block in self._blocks.of(rows):
                columns, norms = block.sub_(self._mean).mT, self._norms[: stop - start]
                torch.linalg.solve_triangular(lower, columns, upper=False, out=columns)
                torch.linalg.vector_norm(block, dim=1, out=norms)
                scores[start:stop, index].copy_(norms.square_().add_(self._offset).mul_(-0.5))
                report(0)
            report(1)
        require_factored(self._info, self.class_ids, "QDA")

    def _load(self, index: int) -> Tensor:
        """Factor of S_c; mean and offset log det(2 pi S_c) beside it."""
        self._statistics.load_mean(index, self._mean)
        self._statistics.load_covariance(index, self._square)
        self._square.mul_(self._own).add_(self._pooled, alpha=self._common)
        self._square.diagonal().add_(self._ridge)
        lower = factor_in_place(self._square, self._info[index])
        log_determinant(lower, self._diagonal, self._offset)
        self._offset.add_(self.dim * math.log(2 * math.pi))
        return lower
