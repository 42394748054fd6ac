"""Moments of one class that merge: of shards of the rows, of several processes. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ONE_SAMPLE_VARIANCE: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class ClassMoments:
    """Of one class: how many rows, their mean [d] and the sum M2 [d, d] of their centred outer products, float64."""

    count: int
    mean: NDArray[np.float64]
    m2: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[Any]) -> ClassMoments:
        """Of rows [m, d]."""
        values = np.asarray(rows, np.float64)
        mean = values.mean(axis=0) if len(values) else np.zeros(values.shape[1])
        centred = values - mean
        return cls(len(values), mean, centred.T @ centred)

    def merge(self, other: ClassMoments) -> ClassMoments:
        """Of both sets of rows together (Chan, Golub and LeVeque 1983)."""
        count = self.count + other.count
        if count == 0:
            return self
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / count)
        m2 = self.m2 + other.m2 + np.outer(delta, delta) * (self.count * other.count / count)
        return ClassMoments(count, mean, m2)

    def statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean [d] and covariance [d, d] with ddof = 1, exactly symmetric; 1e-4 I for one row. Raises for none."""
        if self.count < 1:
            raise ValueError("a class without rows has no statistics")
        if self.count == 1:
            return self.mean.astype(np.float32), ONE_SAMPLE_VARIANCE * np.eye(len(self.mean), dtype=np.float32)
        covariance = self.m2 / (self.count - 1)
        return self.mean.astype(np.float32), ((covariance + covariance.T) / 2).astype(np.float32)
