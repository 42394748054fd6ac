"""Sensible memory sizes near any size, for dragging and stepping a budget.

Every one of them is written exactly by ``format_size``: what the label says is what the budget is.
"""

from __future__ import annotations

import math
from typing import Final

_UNITS: Final = (1024**4, 1024**3, 1024**2, 1024)
_FINEST_OF_UNIT: Final = ((10, 8), (100, 4), (1000, 2))
"""Below 10 of a unit an eighth of it has an exact text of four digits, below 100 a quarter, below 1000 a half."""
_STEPS_PER_SIZE: Final = 16


def snap_step(size_bytes: float, resolution_bytes: float | None = None) -> int:
    """Distance in bytes between sensible sizes near ``size_bytes``; at least ``resolution_bytes`` (default 1/16).

    1, 2, 5, 10, ... of the unit in which the size is written, or a half, a quarter or an eighth of that unit.
    """
    wanted = resolution_bytes or size_bytes / _STEPS_PER_SIZE
    unit = next((unit for unit in _UNITS if size_bytes >= unit), 1)
    parts = next((parts for below, parts in _FINEST_OF_UNIT if size_bytes < below * unit), 1) if unit > 1 else 1
    while parts > 1 and unit // parts < wanted:
        parts //= 2
    if unit // parts >= wanted:
        return unit // parts
    decade: int = unit * 10 ** math.floor(math.log10(wanted / unit))
    return next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= wanted)


def snap_size(size_bytes: float, resolution_bytes: float | None = None) -> int:
    """The sensible size nearest to ``size_bytes``: a multiple of the step, or a power of two, which attracts more."""
    step = snap_step(size_bytes, resolution_bytes)
    power: int = 2 ** round(math.log2(max(1.0, size_bytes)))
    if abs(power - size_bytes) <= 0.4 * step:
        return power
    return max(step, round(size_bytes / step) * step)


def next_size(size_bytes: int, direction: int, resolution_bytes: float | None = None) -> int:
    """The next sensible size above (``direction`` 1) or below (-1); never below one byte."""
    if direction > 0:
        step = snap_step(size_bytes, resolution_bytes)
        return min((size_bytes // step + 1) * step, 1 << size_bytes.bit_length())
    below = max(1, size_bytes - 1)
    step = snap_step(below, resolution_bytes)
    return max(1, (below // step) * step, 1 << (below.bit_length() - 1))
