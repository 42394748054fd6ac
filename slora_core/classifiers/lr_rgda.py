"""Low-rank regularised Gaussian discriminant analysis (HopDC, arXiv 2602.00144): QDA with rank-r class covariances."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from slora_core.classifiers.base import Classifier
from slora_core.classifiers.blocks import FeatureRows, RowBlocks
from slora_core.classifiers.qda import QDA_RIDGE
from slora_core.classifiers.statistics import ClassStatistics, factor_in_place, log_determinant, require_factored
from slora_core.errors import NumericalError
from slora_core.memory.workspace import Workspace


class LowRankDiscriminant(Classifier):
    """LR-RGDA: score = log N(x; mu_c, S_c), S_c = U U' + B, B = a2 mean_c(Sigma_c) + (a3 + 1e-3) I.

    U U' = a1 times the rank-r truncation of Sigma_c. With B = L L', W = L^-1 U [d, r] and I + W'W = K K' (Woodbury):

        (x - mu)' S_c^-1 (x - mu) = |z|^2 - |K^-1 W' z|^2,  z = L^-1 (x - mu),   det S_c = det B det(K)^2.

    Only K^-1 W' [r, d] is held for a class: C d r numbers instead of C d^2. With fewer than C classes in the buffer
    ``factors`` they are rebuilt from the state batch by batch at every call.
    """

    def __init__(
        self,
        statistics: ClassStatistics,
        space: Workspace,
        blocks: RowBlocks,
        alphas: tuple[float, float, float],
        report: Callable[[int], None],
    ) -> None:
        square, diagonal, info = space["square"], space["diagonal"], space["info"]
        square.copy_(statistics.pooled()).mul_(alphas[1])
        super().__init__(statistics.class_ids, square.shape[0], blocks)
        square.diagonal().add_(alphas[2] + QDA_RIDGE)
        self._lower = factor_in_place(square, info[-1])
        if info[-1].item() != 0:
            raise NumericalError(
                "LR-RGDA: the regularised mean covariance is not positive definite",
                "check the class statistics for negative variances, NaN or Inf, or raise classifiers.qda_alphas",
            )
        self._factors, self._means = space["factors"], space["means"]
        self._offsets, self._common_offset = space["offsets"][:-1], space["offsets"][-1]
        self._norms, self._inner = space["norms"], space["inner"]
        self._centred, self._projected = space["centred"], space["projected"]
        log_determinant(self._lower, diagonal, self._common_offset)
        self._common_offset.add_(self.dim * math.log(2 * math.pi))
        self._builder: _FactorBuilder | None = _FactorBuilder(statistics, space, self._lower, alphas[0])
        if self._resident:
            self._build(0, report)
            self._builder = None

    @property
    def _resident(self) -> bool:
        return self._factors.shape[0] >= len(self.class_ids)

    def score_rows(self, rows: FeatureRows, scores: Tensor, report: Callable[[int], None]) -> None:
        for first in range(0, len(self.class_ids), self._factors.shape[0]):
            size = self._build(first, report)
            for start, stop, block in self._blocks.of(rows):
                columns = block.mT
                torch.linalg.solve_triangular(self._lower, columns, upper=False, out=columns)
                for position in range(size):
                    self._score(position, block, scores[start:stop, first + position])
                report(0)
            report(size)

    def _build(self, first: int, report: Callable[[int], None]) -> int:
        """Factors, whitened means and offsets of the classes from ``first`` on; how many. Reports 0 after each."""
        size = min(self._factors.shape[0], len(self.class_ids) - first)
        if self._builder is not None:
            for position in range(size):
                self._builder.build(
                    first + position, self._factors[position], self._means[position], self._offsets[position]
                )
                report(0)
            columns = self._means[:size].mT
            torch.linalg.solve_triangular(self._lower, columns, upper=False, out=columns)
            self._offsets[:size].add_(self._common_offset)
            self._builder.require_factored(first, first + size)
        return size

    def _score(self, position: int, whitened: Tensor, out: Tensor) -> None:
        size = len(whitened)
        centred, projected = self._centred[:size], self._projected[:size]
        norms, inner = self._norms[:size], self._inner[:size]
        torch.sub(whitened, self._means[position], out=centred)
        torch.mm(centred, self._factors[position].mT, out=projected)
        torch.linalg.vector_norm(centred, dim=1, out=norms)
        torch.linalg.vector_norm(projected, dim=1, out=inner)
        norms.square_().sub_(inner.square_()).add_(self._offsets[position])
        out.copy_(norms.mul_(-0.5))


class _FactorBuilder:
    """Makes K^-1 W' of one class after another in the squares of a workspace."""

    def __init__(self, statistics: ClassStatistics, space: Workspace, lower: Tensor, scale: float) -> None:
        self._statistics = statistics
        self._lower = lower
        self._scale = scale
        self._eigenvectors, self._eigenvalues = space["eigenvectors"], space["diagonal"]
        self._small, self._info = space["small"], space["info"][:-1]

    def build(self, index: int, factor: Tensor, mean: Tensor, offset: Tensor) -> None:
        """``factor`` [r, d], the raw ``mean`` [d] and 2 log det K in ``offset`` of class number ``index``."""
        rank = factor.shape[0]
        self._statistics.load_mean(index, mean)
        self._statistics.load_covariance(index, self._eigenvectors)
        self._decompose(index)
        weights = self._eigenvalues[-rank:].clamp_(min=0).mul_(self._scale).sqrt_()
        torch.mul(self._eigenvectors[-rank:], weights.unsqueeze(1), out=factor)
        whitened = factor.mT
        torch.linalg.solve_triangular(self._lower, whitened, upper=False, out=whitened)
        torch.mm(factor, whitened, out=self._small)
        self._small.diagonal().add_(1)
        small = factor_in_place(self._small, self._info[index])
        log_determinant(small, self._eigenvalues[:rank], offset)
        torch.linalg.solve_triangular(small.mT, whitened, upper=True, left=False, out=whitened)

    def _decompose(self, index: int) -> None:
        """Eigenvalues ascending; row j of ``eigenvectors`` becomes the j-th eigenvector."""
        columns = self._eigenvectors.mT
        try:
            torch.linalg.eigh(columns, out=(self._eigenvalues, columns))
        except RuntimeError:  # torch's LinAlgError
            class_id = self._statistics.class_ids[index]
            raise NumericalError(
                f"LR-RGDA: the covariance of class {class_id} has no eigenvalues",
                "check the class statistics for NaN or Inf",
            ) from None

    def require_factored(self, first: int, stop: int) -> None:
        require_factored(self._info[first:stop], self._statistics.class_ids[first:stop], "LR-RGDA")
