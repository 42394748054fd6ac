"""A small class state in memory and rows drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch


@dataclass
class MemoryState:
    class_ids: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return np.full(len(self.class_ids), 50)

    @property
    def dim(self) -> int:
        return self.means.shape[1]

    def read(self, index, mean, covariance):
        if mean is not None:
            mean.copy_(torch.from_numpy(self.means[index]))
        if covariance is not None:
            covariance.copy_(torch.from_numpy(self.covariances[index]))


@dataclass
class MemoryRows:
    features: np.ndarray
    labels: np.ndarray

    @property
    def count(self) -> int:
        return len(self.features)

    @property
    def dim(self) -> int:
        return self.features.shape[1]

    def read_labels(self, start, stop):
        return self.labels[start:stop]

    def read(self, start, stop, out):
        out[: stop - start].copy_(torch.from_numpy(self.features[start:stop]))


def _make_state(classes=5, dim=12, *, seed=0, spread=1.0, offset=0.0):
    random = np.random.default_rng(seed)
    means = offset + spread * random.standard_normal((classes, dim))
    roots = random.standard_normal((classes, dim, 2 * dim)) / np.sqrt(2 * dim)
    covariances = roots @ roots.transpose(0, 2, 1)
    ids = random.permutation(100)[:classes].astype(np.int64)
    return MemoryState(ids, means.astype(np.float32), covariances.astype(np.float32))


def _make_rows(state, rows=60, *, seed=1):
    random = np.random.default_rng(seed)
    which = random.integers(0, len(state.class_ids), rows)
    noise = random.standard_normal((rows, state.dim))
    factors = np.linalg.cholesky(state.covariances.astype(np.float64) + 1e-6 * np.eye(state.dim))
    features = state.means[which] + np.einsum("mij,mj->mi", factors[which], noise)
    return MemoryRows(features.astype(np.float32), state.class_ids[which])


@pytest.fixture
def make_state():
    return _make_state


@pytest.fixture
def make_rows():
    return _make_rows
