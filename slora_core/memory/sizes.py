"""Sizes as people write them, and back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from slora_core.errors import ConfigError

_UNITS: Final = {
    "": 1,
    "b": 1,
    "k": 1024,
    "kb": 1000,
    "kib": 1024,
    "m": 1024**2,
    "mb": 1000**2,
    "mib": 1024**2,
    "g": 1024**3,
    "gb": 1000**3,
    "gib": 1024**3,
    "t": 1024**4,
    "tb": 1000**4,
    "tib": 1024**4,
}
MOST_BYTES: Final = 2**63 - 1
"""What a signed number of 64 bits holds, such as one of a run file."""
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z]*)\s*")


def parse_size(size: str | int | float) -> int:
    """Bytes of ``256MiB``, ``8GB``, ``0.5g`` or a plain number of bytes.

    A unit ending in ``iB`` or of one letter is binary, one ending in plain ``B`` decimal. Raises ConfigError.
    """
    text = str(size)
    match = _SIZE.fullmatch(text)
    unit = match.group(2).lower() if match else None
    if match is None or unit not in _UNITS:
        raise ConfigError(
            f"memory size {size!r} is not a size: expected a positive number with a unit, such as 256MiB, 8GB or 0.5g"
        )
    size_bytes = int(Decimal(match.group(1)) * _UNITS[unit])
    if size_bytes <= 0:
        raise ConfigError(f"memory size {size!r} is zero: expected a positive number, such as 256MiB")
    if size_bytes > MOST_BYTES:
        raise ConfigError(f"memory size {size!r} is larger than any memory: expected less than {2**23} TiB")
    return size_bytes


def format_size(size_bytes: int | None) -> str:
    """IEC text with about four significant digits; "not available" for None."""
    if size_bytes is None:
        return "not available"
    value = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"
