"""Data behind a plot as a table: for the view beside it and for CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TableData:
    """``columns`` are headings with units; ``numeric`` says which are figures; a cell of None is not available."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: Sequence[tuple[Any, ...]]


class SampleRows(Sequence[tuple[Any, ...]]):
    """Rows (t_s, stage, bytes of each counter) made when they are asked for, from n samples in columns."""

    def __init__(
        self,
        t_s: NDArray[np.float64],
        stages: StageIndex,
        counters: Mapping[str, NDArray[np.float64]],
    ) -> None:
        self._t_s = t_s
        self._stages = stages
        self._columns = tuple(counters.values())

    def __len__(self) -> int:
        return len(self._t_s)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Any, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | list[tuple[Any, ...]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        t_s = float(self._t_s[index])
        return (t_s, self._stages.at(t_s), *(known_bytes(column[index]) for column in self._columns))


class StageIndex:
    """Which stage a moment belongs to: the innermost one of nested, non-overlapping intervals."""

    def __init__(self, bands: Sequence[Any] = ()) -> None:
        """``bands`` have ``start_s``, ``end_s``, ``stage`` and ``depth``."""
        self._changes: list[float] = []
        self._names: list[str] = []
        open_bands: list[Any] = []
        for band in sorted(bands, key=lambda band: (band.start_s, band.depth)):
            self._close(open_bands, band.start_s, band.depth)
            open_bands.append(band)
            self._change(band.start_s, band.stage)
        self._close(open_bands, np.inf, 0)
        self._starts = np.array(self._changes)

    def at(self, t_s: float) -> str:
        """Dotted path of the innermost stage at ``t_s``; "" between stages."""
        index = int(np.searchsorted(self._starts, t_s, side="right")) - 1
        return self._names[index] if index >= 0 else ""

    def within(self, start_s: float, end_s: float) -> tuple[str, ...]:
        """The innermost stages that touch the interval, in their order, each once."""
        first = max(0, int(np.searchsorted(self._starts, start_s, side="right")) - 1)
        last = int(np.searchsorted(self._starts, end_s, side="left"))
        return tuple(dict.fromkeys(name for name in self._names[first:last] if name))

    def _close(self, open_bands: list[Any], until_s: float, depth: int) -> None:
        """End the open stages that are over at ``until_s`` or are no parent of one at ``depth``."""
        while open_bands and (open_bands[-1].end_s <= until_s or open_bands[-1].depth >= depth):
            ended = open_bands.pop()
            self._change(min(ended.end_s, until_s), open_bands[-1].stage if open_bands else "")

    def _change(self, t_s: float, name: str) -> None:
        if self._changes and self._changes[-1] == t_s:
            self._names[-1] = name
            return
        self._changes.append(t_s)
        self._names.append(name)


def known_bytes(value: float) -> int | None:
    """Bytes of one sample; None where the counter is not available (NaN)."""
    return None if np.isnan(value) else int(value)
