"""Words that follow their number."""

from __future__ import annotations


def by_count(number: int, one: str, many: str) -> str:
    """``one`` of a thing, ``many`` of none and of several."""
    return one if number == 1 else many


def counted(number: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``; ``many`` where it is not ``one`` with an s."""
    return f"{number} {by_count(number, one, many or f'{one}s')}"
