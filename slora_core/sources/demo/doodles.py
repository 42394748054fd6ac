"""The demo's unlabelled auxiliary images: random pen strokes; no image of an old class is needed. Torch-free."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_STREAM: Final = 3
_POINTS: Final = 24
_PEN: Final = 0.55


def draw_doodles(seed: int, count: int) -> NDArray[np.float32]:
    """``count`` images [count, 8, 8] of one to three cubic Bezier curves each, in the digits' 17 grey levels."""
    draw = np.random.default_rng([seed, _STREAM])
    return np.stack([_doodle(draw) for _ in range(count)])


def _doodle(draw: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:8, 0:8]
    image = np.zeros((8, 8))
    for _ in range(draw.integers(1, 4)):
        curve = _bezier(draw.uniform(0.5, 6.5, (4, 2)))
        squared = (rows - curve[:, 0, None, None]) ** 2 + (columns - curve[:, 1, None, None]) ** 2
        image = np.maximum(image, np.exp(-squared.min(axis=0) / (2 * _PEN**2)))
    levels = np.round(np.clip(image * draw.uniform(0.9, 1.3), 0, 1) * 16) / 16
    return levels.astype(np.float32)


def _bezier(controls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [24, 2] along the cubic curve of four control points."""
    t = np.linspace(0, 1, _POINTS)[:, None]
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    return np.asarray(sum(weight * control for weight, control in zip(weights, controls, strict=True)))
