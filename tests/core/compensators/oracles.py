"""Every operator once more, naively: NumPy, float64, one sample or one class at a time, straight from the formulas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def unit(rows: Array) -> Array:
    rows = rows.astype(np.float64)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def samples_of_class(mean: Array, cov: Array, eps: Array, reg: float) -> Array:
    factor = np.linalg.cholesky(cov.astype(np.float64) + reg * np.eye(len(mean)))
    return mean.astype(np.float64) + eps.astype(np.float64) @ factor.T


def moments(rows: Array) -> tuple[Array, Array]:
    return rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))


def attention_drift(query: Array, before: Array, after: Array, top_k: int, temperature: float) -> Array:
    """Of one query: cosines, the k largest with ties to the lowest index, softmax, weighted drift."""
    cosines = (unit(before) * unit(query)).sum(axis=1)
    chosen = np.argsort(-cosines, kind="stable")[:top_k]
    weights = np.exp((cosines[chosen] - cosines[chosen].max()) / temperature)
    drift = after[chosen].astype(np.float64) - before[chosen]
    return (weights / weights.sum()) @ drift


def rff_drift(queries: Array, before: Array, after: Array, omega: Array, offset: Array) -> Array:
    """Of queries [S, d]: phi(q)'(Phi'V) / phi(q)'(Phi'1), with weights phi(q)'phi(x_i) of every pair written out."""

    def phi(rows: Array) -> Array:
        return (np.cos(unit(rows) @ omega.T.astype(np.float64) + offset) + 1) / np.sqrt(len(offset))

    weights = phi(queries) @ phi(before).T
    return weights @ (after.astype(np.float64) - before) / weights.sum(axis=1, keepdims=True)


def linear_operator(before: Array, after: Array, gamma: float, mixing_temperature: float) -> Array:
    count, dim = before.shape
    x, y = unit(before), unit(after)
    fitted = np.linalg.solve(x.T @ x + gamma * np.eye(dim), x.T @ y)
    weight = np.exp(-count / (mixing_temperature * dim))
    return (1 - weight) * fitted + weight * np.eye(dim)


def weak_network(rows: Array, linear: Array, inner: Array, outer: Array, gates: Array) -> Array:
    exponents = np.exp(gates[:2].astype(np.float64) / np.exp(gates[2]))
    a1, a2 = exponents / exponents.sum()
    return a1 * rows @ linear.T + a2 * np.maximum(rows @ inner.T, 0) @ outer.T
