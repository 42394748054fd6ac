"""Batched factors against NumPy and SciPy, the jitter ladder, and the errors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from slora_core.errors import NumericalError
from slora_core.memory.ledger import Ledger
from slora_core.numerics.cholesky import FIRST_JITTER, factor_covariances


def covariances(count: int, dim: int, seed: int = 0) -> np.ndarray:
    roots = np.random.default_rng(seed).standard_normal((count, dim, 2 * dim))
    return (roots @ roots.transpose(0, 2, 1) / (2 * dim)).astype(np.float32)


def scratch(count: int, dim: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    work = torch.empty(count, dim, dim, dtype=torch.float64)
    return work, torch.empty(count, dtype=torch.int32), torch.empty(1, dtype=torch.float64)


def factored(cov: np.ndarray, reg: float = 1e-4) -> tuple[np.ndarray, dict[int, float]]:
    factor = torch.from_numpy(cov.copy())
    jitter = factor_covariances(factor, *scratch(*cov.shape[:2]), reg=reg, name=lambda i: f"class {100 + i}")
    return factor.numpy(), jitter


@pytest.mark.parametrize(("count", "dim"), [(1, 1), (3, 7), (20, 32), (2, 200)])
def test_factors_are_transposed_lower_triangles(count: int, dim: int) -> None:
    cov = covariances(count, dim)
    factors, jitter = factored(cov)
    assert jitter == {}
    for got, sigma in zip(factors, cov, strict=True):
        expected = scipy.linalg.cholesky(sigma.astype(np.float64) + 1e-4 * np.eye(dim), lower=True)
        assert np.linalg.norm(got.T - expected) < 1e-7 * np.linalg.norm(expected)
        assert np.array_equal(got, np.triu(got))


def test_a_jitter_is_recorded_only_for_those_that_need_it_and_is_the_smallest_of_the_ladder() -> None:
    cov = covariances(4, 5)
    cov[2] = np.diag([1, 1, 1, 1, -1e-3]).astype(np.float32)
    factors, jitter = factored(cov, reg=0.0)
    mean_variance = np.trace(cov[2]) / 5
    assert set(jitter) == {2}
    steps = np.log10(jitter[2] / (FIRST_JITTER * mean_variance))
    assert steps == pytest.approx(4)  # 1e-3 of 0.8 does not reach 1e-3, 1e-2 does
    recovered = factors[2].T @ factors[2] - cov[2]
    np.testing.assert_allclose(recovered, jitter[2] * np.eye(5), atol=1e-6)
    plain, _ = factored(cov[[0, 1, 3]], reg=0.0)
    np.testing.assert_array_equal(factors[[0, 1, 3]], plain)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (np.diag([1.0, -1.0, 3.0]), "class 101 is not positive definite"),
        (-np.eye(3), "class 101 is not valid: its mean variance is -1"),
        (np.full((3, 3), np.nan), "class 101 is not valid: its mean variance is nan"),
    ],
    ids=["indefinite", "negative", "nan"],
)
def test_what_no_jitter_mends_is_named(broken: np.ndarray, message: str) -> None:
    cov = covariances(3, 3)
    cov[1] = broken.astype(np.float32)
    with pytest.raises(NumericalError, match=message):
        factored(cov)


def test_factoring_takes_no_memory_of_its_own() -> None:
    cov = torch.from_numpy(covariances(3, 40))
    with Ledger() as ledger:
        factor, rest = cov.clone(), scratch(3, 40)
        before = ledger.live_bytes
        factor_covariances(factor, *rest, reg=1e-4, name=str)
        assert ledger.peak_bytes == before
