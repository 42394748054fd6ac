"""Symmetric matrices as row-wise lower triangles: element (i, j), j <= i, at i (i + 1) / 2 + j. Torch-free."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def triangle_size(dim: int) -> int:
    """Elements of the lower triangle of a [dim, dim] matrix, diagonal included."""
    return dim * (dim + 1) // 2


def pack_lower(matrix: NDArray[Any], out: NDArray[Any]) -> None:
    """The lower triangle of ``matrix`` [d, d] into ``out`` [d (d + 1) / 2]."""
    start = 0
    for row in range(matrix.shape[0]):
        out[start : start + row + 1] = matrix[row, : row + 1]
        start += row + 1


def unpack_lower(packed: NDArray[Any], out: NDArray[Any]) -> None:
    """Inverse of :func:`pack_lower`: the whole symmetric matrix into ``out`` [d, d]."""
    start = 0
    for row in range(out.shape[0]):
        values = packed[start : start + row + 1]
        out[row, : row + 1] = values
        out[:row, row] = values[:row]
        start += row + 1


def asymmetry(matrix: NDArray[Any]) -> tuple[float, float]:
    """Largest |a_ij - a_ji| and largest |a_ij| of [d, d], a band of rows at a time; NaN if an element is NaN."""
    band = 128
    worst, largest = [0.0], [0.0]
    for start in range(0, matrix.shape[0], band):
        rows = matrix[start : start + band]
        with np.errstate(invalid="ignore"):
            worst.append(float(np.abs(rows - matrix[:, start : start + band].T).max()))
        largest.append(float(np.abs(rows).max()))
    return float(np.max(worst)), float(np.max(largest))
