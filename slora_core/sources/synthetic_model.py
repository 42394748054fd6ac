"""A random but realistic feature space: what the synthetic workloads draw from. Torch-free.

Features have a common mean, clusters, and within a cluster a few strong directions of decaying scale over weak noise
that differs by feature. The drift of a task is a smooth nonlinear map of low rank, a linear one, a shift and noise.
Everything comes from counter-based generators (Philox) keyed by the seed and the number of the block or class, so that
no value depends on how much is drawn at a time.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS: Final = 1024
_CLUSTERS: Final = 10
_STRONG: Final = 64
_DRIFT_RANK: Final = 32
_SPACE_STREAM, _ROWS_STREAM, _CLASS_STREAM = range(3)

Rows: TypeAlias = NDArray[np.float32]


class FeatureSpace:
    """The feature space of ``seed`` with ``dim`` features."""

    def __init__(self, dim: int, seed: int) -> None:
        self.dim = dim
        self._seed = seed
        draw = _generator(seed, _SPACE_STREAM, 0)
        self._mean = 0.5 * _normal(draw, dim)
        self._centres = 0.5 * _normal(draw, _CLUSTERS, dim)
        scales = np.arange(1, min(_STRONG, dim) + 1, dtype=np.float32) ** np.float32(-0.5)
        self._strong = 0.7 * (scales / np.linalg.norm(scales))[:, None] * _normal(draw, len(scales), dim)
        self._weak = np.float32(0.35) * np.linspace(1, 0.3, dim, dtype=np.float32)
        rank = min(_DRIFT_RANK, dim)
        unit = np.float32(dim**-0.5)
        self._bend_in, self._bend_out = unit * _normal(draw, dim, rank), 0.08 * _normal(draw, rank, dim)
        self._turn_in, self._turn_out = unit * _normal(draw, dim, rank), 0.02 * _normal(draw, rank, dim)
        self._shift = 0.05 * _normal(draw, dim)

    def pairs(self, block: int, rows: int) -> tuple[Rows, Rows]:
        """The first ``rows`` of the BLOCK_ROWS pairs [rows, d] of block number ``block``: before and after."""
        draw = _generator(self._seed, _ROWS_STREAM, block)
        cluster = draw.integers(_CLUSTERS, size=BLOCK_ROWS)
        before = self._centres[cluster]
        before += _normal(draw, BLOCK_ROWS, len(self._strong)) @ self._strong
        before += _normal(draw, BLOCK_ROWS, self.dim) * self._weak
        after = np.tanh(before @ self._bend_in) @ self._bend_out
        after += (before @ self._turn_in) @ self._turn_out
        before += self._mean
        after += before
        after += self._shift
        after += np.float32(0.05) * _normal(draw, BLOCK_ROWS, self.dim)
        return before[:rows], after[:rows]

    def class_gaussian(self, number: int) -> tuple[Rows, Rows]:
        """Mean [d] and positive definite covariance [d, d] of old class ``number``."""
        draw = _generator(self._seed, _CLASS_STREAM, number)
        mean = self._mean + 0.5 * _normal(draw, self.dim)
        stretch = draw.uniform(0.6, 1.4, size=(len(self._strong), 1)).astype(np.float32)
        own = 0.1 * _normal(draw, min(_DRIFT_RANK, self.dim), self.dim)
        factor = np.concatenate([self._strong * stretch, own])
        covariance: Rows = factor.T @ factor
        covariance.ravel()[:: self.dim + 1] += self._weak**2
        return mean, covariance


def _generator(seed: int, stream: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, stream, number])))


def _normal(draw: np.random.Generator, *shape: int) -> Rows:
    return draw.standard_normal(shape, dtype=np.float32)
