"""Round numbers for the axes of a chart."""

from __future__ import annotations

import math
from typing import Final

_UNITS: Final = (("B", 1), ("KiB", 1024), ("MiB", 1024**2), ("GiB", 1024**3), ("TiB", 1024**4))


def round_steps(highest: float, count: int) -> list[float]:
    """0 and multiples of 1, 2 or 5 times a power of ten, about ``count`` of them, the last at or above ``highest``."""
    if not highest > 0:
        return [0.0, 1.0]
    rough = highest / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(highest / step - 1e-9) + 1)]


def size_steps(highest_bytes: float, count: int = 5) -> tuple[list[float], str]:
    """Ticks in bytes that are round in the unit that fits, and the unit's name."""
    name, unit = next(((n, u) for n, u in reversed(_UNITS) if highest_bytes >= u), _UNITS[0])
    return [step * unit for step in round_steps(highest_bytes / unit, count)], name


def size_label(size_bytes: float, unit: str) -> str:
    return f"{size_bytes / dict(_UNITS)[unit]:.4g}"


def time_label(seconds: float) -> str:
    return f"{seconds:.6g}"
