"""The sizes at which the budget slider stops: four to a doubling, evenly spaced on a logarithmic scale."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from slora_core.types import GIB, MIB

LOWEST_BYTES: Final = MIB // 16
HIGHEST_BYTES: Final = 256 * GIB
_QUARTERS: Final = (4, 5, 6, 7)


def budget_steps(smallest_bytes: int | None, ample_bytes: int | None) -> tuple[int, ...]:
    """Stops from well below ``smallest_bytes`` (what is feasible) to just above ``ample_bytes``, ascending."""
    low = max(LOWEST_BYTES, (smallest_bytes or 8 * MIB) // 4)
    high = min(HIGHEST_BYTES, max(ample_bytes or 16 * GIB, 8 * low))
    steps = [unit * quarter // 4 for unit in _doublings() for quarter in _QUARTERS]
    first = max(0, bisect_left(steps, low + 1) - 1)
    last = min(len(steps) - 1, bisect_left(steps, high))
    return tuple(steps[first : last + 1])


def nearest_step(steps: Sequence[int], size_bytes: int) -> int:
    """Index of the stop nearest to ``size_bytes`` in ratio."""
    for index, (below, above) in enumerate(pairwise(steps)):
        if size_bytes * size_bytes < below * above:
            return index
    return len(steps) - 1


def _doublings() -> list[int]:
    return [LOWEST_BYTES << shift for shift in range((HIGHEST_BYTES // LOWEST_BYTES).bit_length())]
