"""Sensible memory sizes near any size, for dragging and stepping a budget."""

from __future__ import annotations

import math
from typing import Final

_UNITS: Final = (1024**3, 1024**2, 1024)
_FINEST_PER_SIZE: Final = 32


def snap_step(size_bytes: float, resolution_bytes: float | None = None) -> int:
    """Distance in bytes between sensible sizes near ``size_bytes``; at least ``resolution_bytes`` (default 1/32).

    1, 2, 5, 10, ... of the unit in which the size is written, or a half, a quarter, ... of that unit.
    """
    wanted = max(1.0, resolution_bytes or size_bytes / _FINEST_PER_SIZE)
    unit = next((unit for unit in _UNITS if size_bytes >= unit), 1)
    if wanted > unit / 2:
        decade = 10 ** math.floor(math.log10(max(1.0, wanted / unit)))
        return next(unit * decade * factor for factor in (1, 2, 5, 10) if unit * decade * factor >= wanted)
    return max(1, unit >> int(math.log2(unit / wanted)))


def snap_size(size_bytes: float, resolution_bytes: float | None = None) -> int:
    """The sensible size nearest to ``size_bytes``: a multiple of the step, or a power of two, which attracts more."""
    step = snap_step(size_bytes, resolution_bytes)
    power = 2 ** round(math.log2(max(1.0, size_bytes)))
    if abs(power - size_bytes) <= 0.75 * step:
        return power
    return max(step, round(size_bytes / step) * step)


def next_size(size_bytes: int, direction: int, resolution_bytes: float | None = None) -> int:
    """The next sensible size above (``direction`` 1) or below (-1); never below one byte."""
    if direction > 0:
        step = snap_step(size_bytes, resolution_bytes)
        return min((size_bytes // step + 1) * step, 1 << size_bytes.bit_length())
    step = snap_step(max(1, size_bytes - 1), resolution_bytes)
    below = max(1, size_bytes - 1)
    return max(1, (below // step) * step, 1 << (below.bit_length() - 1))
