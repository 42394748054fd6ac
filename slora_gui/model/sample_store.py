"""The memory curve of one process of a run: columns that grow, in bounded memory, with views that never change."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from slora_core.events import MemorySample
from slora_core.records.run_file import Samples
from slora_core.records.schema import SAMPLE_COUNTERS

CAPACITY: Final = 2**18
"""Rows held at most: an hour and a half at 50 Hz in full resolution, 18 MB."""
_BUCKET: Final = 4
_ROW_OF: Final = {name: row for row, name in enumerate(SAMPLE_COUNTERS, start=1)}


class SampleStore:
    """Samples in order of arrival; NaN is "not available".

    Beyond ``capacity`` rows the resolution of the older half is halved: of every four rows two remain, with the
    smallest and the largest value of each counter, in the order in which they came. What was handed out stays as it
    was: rows are only ever added to an array that somebody holds. ``version`` grows with every change.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 2 * _BUCKET:
            raise ValueError(f"capacity = {capacity}: expected at least {2 * _BUCKET}")
        self.version = 0
        self._capacity = capacity
        self._size = 0
        self._table = np.empty((1 + len(SAMPLE_COUNTERS), capacity))  # untouched pages take no memory
        self._known: dict[str, int] = {}
        self._highest = np.full(len(SAMPLE_COUNTERS), np.nan)

    def __len__(self) -> int:
        return self._size

    @property
    def t_s(self) -> NDArray[np.float64]:
        """Seconds since the run started, one a row."""
        return self._column(0)

    def counter(self, name: str) -> NDArray[np.float64]:
        """Bytes of a counter, one a row. Raises KeyError for a name that is not in SAMPLE_COUNTERS."""
        return self._column(_ROW_OF[name])

    def has(self, name: str) -> bool:
        """Whether any value of the counter is known."""
        seen = self._known.get(name, 0)
        if seen < 0:
            return True
        found = not bool(np.isnan(self.counter(name)[seen:]).all())
        self._known[name] = -1 if found else self._size
        return found

    def highest(self, name: str) -> int | None:
        """The largest value of a counter in any sample; None: not available. Raises KeyError for an unknown name."""
        value = float(self._highest[_ROW_OF[name] - 1])
        return None if np.isnan(value) else int(value)

    def append(self, sample: MemorySample) -> None:
        """Add one row."""
        row = self._size
        if row == self._capacity:
            self._halve_older_half()
            row = self._size
        self._table[:, row] = (
            sample.t_s,
            sample.allocated_bytes,
            sample.reserved_bytes,
            sample.process_bytes,
            sample.device_used_bytes,
            sample.device_total_bytes,
            sample.rss_bytes,
            sample.tensor_ram_bytes,
        )
        np.fmax(self._highest, self._table[1:, row], out=self._highest)
        self._size = row + 1
        self.version += 1

    def extend(self, samples: Samples) -> None:
        """Add all rows of a run file; the outcome is that of appending them one by one."""
        start = 0
        while start < len(samples):
            if self._size == self._capacity:
                self._halve_older_half()
            stop = min(len(samples), start + self._capacity - self._size)
            rows = slice(self._size, self._size + stop - start)
            self._table[0, rows] = samples.t_s[start:stop]
            for name, row in _ROW_OF.items():
                self._table[row, rows] = samples.counters[name][start:stop]
            np.fmax(self._highest, np.fmax.reduce(self._table[1:, rows], axis=1), out=self._highest)
            self._size, start = rows.stop, stop
        self.version += len(samples)

    def _column(self, row: int) -> NDArray[np.float64]:
        view = self._table[row, : self._size]
        view.flags.writeable = False
        return view

    def _halve_older_half(self) -> None:
        """Into new arrays: views of the old ones stay as they are."""
        buckets = self._size // 2 // _BUCKET
        old, kept = buckets * _BUCKET, buckets * 2
        table = np.empty_like(self._table)
        ends = slice(0, old, _BUCKET), slice(_BUCKET - 1, old, _BUCKET)
        for offset, rows in enumerate(ends):
            table[0, offset:kept:2] = self._table[0, rows]
        for row in _ROW_OF.values():
            table[row, 0:kept:2], table[row, 1:kept:2] = _extremes(self._table[row, :old].reshape(buckets, _BUCKET))
        size = kept + self._size - old
        table[:, kept:size] = self._table[:, old : self._size]
        self._table, self._size = table, size
        self._known = {name: seen for name, seen in self._known.items() if seen < 0}


def _extremes(buckets: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The smallest and the largest known value of each row [n, 4], the one that came first in front."""
    low: NDArray[np.float64] = np.fmin.reduce(buckets, axis=1)
    high: NDArray[np.float64] = np.fmax.reduce(buckets, axis=1)
    low_first = (buckets == low[:, None]).argmax(axis=1) <= (buckets == high[:, None]).argmax(axis=1)
    return np.where(low_first, low, high), np.where(low_first, high, low)
