"""Classifiers with linear scores: the nearest class mean and LDA with a shrunk common covariance."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from slora_core.classifiers.base import Classifier
from slora_core.classifiers.blocks import FeatureRows, RowBlocks
from slora_core.classifiers.statistics import ClassStatistics, factor_in_place
from slora_core.errors import NumericalError
from slora_core.memory.workspace import Workspace

LDA_RIDGE = 1e-6


class NearestMean(Classifier):
    """NCM: score = -|x - mu_c|^2."""

    def __init__(self, statistics: ClassStatistics, space: Workspace, blocks: RowBlocks) -> None:
        self._weights, self._bias = _load_means(statistics, space)
        super().__init__(statistics.class_ids, self._weights.shape[1], blocks)
        self._norms = space["norms"]
        torch.linalg.vector_norm(self._weights, dim=1, out=self._bias)
        self._bias.square_().neg_()

    def score_rows(self, rows: FeatureRows, scores: Tensor, report: Callable[[int], None]) -> None:
        for start, stop, block in self._blocks.of(rows):
            norms = self._norms[: stop - start]
            torch.linalg.vector_norm(block, dim=1, out=norms)
            torch.addmm(self._bias, block, self._weights.mT, alpha=2, out=scores[start:stop])
            scores[start:stop].sub_(norms.square_().unsqueeze(1))
            report(0)
        report(len(self.class_ids))


class LinearDiscriminant(Classifier):
    """LDA: score = mu_c' S^-1 x - mu_c' S^-1 mu_c / 2 + log(1 / C), S = (1 - a) mean_c(Sigma_c) + (a + 1e-6) I.

    Holds the weights S^-1 mu_c [C, d] and the biases [C].
    """

    def __init__(self, statistics: ClassStatistics, space: Workspace, blocks: RowBlocks, alpha: float) -> None:
        self._weights, self._bias = _load_means(statistics, space)
        super().__init__(statistics.class_ids, self._weights.shape[1], blocks)
        square, info = space["square"], space["info"]
        pooled = statistics.pooled()
        square.copy_(pooled).mul_(1 - alpha)
        square.diagonal().add_(alpha + LDA_RIDGE)
        lower = factor_in_place(square, info[-1])
        if info[-1].item() != 0:
            raise NumericalError(
                "LDA: the shrunk mean covariance is not positive definite",
                "check the class statistics for negative variances, NaN or Inf, or raise classifiers.lda_alpha",
            )
        columns = self._weights.mT
        torch.linalg.solve_triangular(lower, columns, upper=False, out=columns)
        torch.linalg.vector_norm(self._weights, dim=1, out=self._bias)
        self._bias.square_().mul_(-0.5).sub_(math.log(len(statistics)))
        torch.linalg.solve_triangular(lower.mT, columns, upper=True, out=columns)

    def score_rows(self, rows: FeatureRows, scores: Tensor, report: Callable[[int], None]) -> None:
        for start, stop, block in self._blocks.of(rows):
            torch.addmm(self._bias, block, self._weights.mT, out=scores[start:stop])
            report(0)
        report(len(self.class_ids))


def _load_means(statistics: ClassStatistics, space: Workspace) -> tuple[Tensor, Tensor]:
    weights = space["weights"]
    for index in range(len(statistics)):
        statistics.load_mean(index, weights[index])
    return weights, space["bias"]
