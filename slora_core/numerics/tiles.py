"""Splits an axis into tiles of one width. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Tile(NamedTuple):
    """Positions ``start : start + width`` of an axis, of which the first ``dead`` are padding or belong to others."""

    start: int
    dead: int


class Tiling(NamedTuple):
    """``positions`` behind ``padding`` empty ones, in ``parts`` tiles of exactly ``width``.

    Tiles of one width mean products of one shape, computed by one kernel: the same bits for the same row and column
    whichever tile they are in.
    """

    positions: int
    padding: int
    width: int
    parts: int

    @property
    def length(self) -> int:
        """Positions with padding."""
        return self.padding + self.positions

    def tiles(self) -> Iterator[Tile]:
        """The tiles in order; each position is live in one, and the last overlaps the one before it."""
        live = self.padding
        for part in range(self.parts):
            start = min(part * self.width, self.length - self.width)
            yield Tile(start, live - start)
            live = start + self.width


def even_tiles(positions: int, most: int, step: int) -> Tiling:
    """The fewest even tiles of about ``most`` positions at most, of a width that is a multiple of ``step``.

    An axis shorter than one tile is padded in front.
    """
    parts = -(-positions // max(most, step))
    width = round_up(-(-positions // parts), step)
    padding = max(0, width - positions)
    return Tiling(positions, padding, width, -(-(positions + padding) // width))


def round_up(value: int, step: int) -> int:
    """The next multiple of ``step``."""
    return -(-value // step) * step
