"""Nested peaks from a counter that knows only one peak at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Counters: TypeAlias = tuple[int | None, ...]


class PeakStack:
    """Combines the resets of one global peak counter, so that every open count gets its own peak.

    ``read`` gives the peaks since the last ``reset``, None where the machine has no such counter; ``reset`` starts
    them anew at the present value. :meth:`push` starts a nested count, :meth:`pop` ends it and returns its peaks.
    """

    def __init__(self, read: Callable[[], Counters], reset: Callable[[], None]) -> None:
        self._read = read
        self._reset = reset
        self._open: list[Counters] = []

    def push(self) -> None:
        if self._open:
            self._open[-1] = _largest(self._open[-1], self._read())
        self._reset()
        self._open.append(())

    def pop(self) -> Counters:
        peaks = _largest(self._open.pop(), self._read())
        if self._open:
            self._open[-1] = _largest(self._open[-1], peaks)
        return peaks


def _largest(first: Counters, second: Counters) -> Counters:
    if not first:
        return second
    return tuple(None if a is None or b is None else max(a, b) for a, b in zip(first, second, strict=True))
