"""Numbers that know how they are written, so that a table shows text and sorts by value."""

from __future__ import annotations

from typing import Final

from slora_core.memory.sizes import format_size

MINUS: Final = "−"


class Size(int):
    """Bytes."""

    def __str__(self) -> str:
        return format_size(int(self))


class Deviation(float):
    """A relative deviation, in two digits."""

    def __str__(self) -> str:
        return f"{float(self):.1e}"


class Percent(float):
    """A fraction, written in percent."""

    def __str__(self) -> str:
        return f"{100 * float(self):.1f} %".replace("-", MINUS)


class SignedPercent(float):
    """A change as a fraction, written in percent with its sign."""

    def __str__(self) -> str:
        return f"{100 * float(self):+.1f} %".replace("-", MINUS)


class Range(float):
    """From one fraction to another, written in percent; sorted by its lower end."""

    def __new__(cls, low: float, high: float) -> Range:
        made = super().__new__(cls, low)
        made.high = high
        return made

    high: float

    def __str__(self) -> str:
        return f"{100 * float(self):.0f}–{100 * self.high:.0f} %"
