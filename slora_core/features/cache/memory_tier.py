"""Cached rows in the memory of one device, least recently used first to go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass(slots=True)
class _Entry:
    slot: int
    step: int


class Evicted(NamedTuple):
    """Rows that had to go: ``features`` [n, d] of ``keys``."""

    keys: list[bytes]
    features: Tensor


class MemoryTier:
    """Up to ``max_rows`` rows and ``max_bytes`` in one tensor [capacity, d], allocated when the first rows come."""

    def __init__(self, device: torch.device, max_rows: int, max_bytes: int | None = None) -> None:
        self.device = device
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self._slab: Tensor | None = None
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._free: list[int] = []

    @property
    def rows(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """Of the rows held."""
        return 0 if self._slab is None else self.rows * self._slab[0].nbytes

    def unallocated_bytes(self, row_bytes: int) -> int:
        """What the first rows of this size will make it allocate."""
        return 0 if self._slab is not None else self._capacity(row_bytes) * row_bytes

    def find(self, keys: Sequence[bytes], step: int) -> dict[int, int]:
        """Slot by position in ``keys`` of those that are held; they count as used in ``step``."""
        found = {}
        for position, key in enumerate(keys):
            entry = self._entries.get(key)
            if entry is not None:
                entry.step = step
                self._entries.move_to_end(key)
                found[position] = entry.slot
        return found

    def read(self, slots: Sequence[int]) -> Tensor:
        """Rows [n, d] of ``slots``."""
        if self._slab is None:
            raise KeyError("nothing is cached")
        return self._slab[list(slots)]

    def put(self, keys: Sequence[bytes], features: Tensor, step: int) -> Evicted | None:
        """Hold ``features`` [n, d] of ``keys``; returns the rows that had to go for them, and those with no room."""
        slab = self._allocated(features)
        capacity = 0 if slab is None else len(slab)
        fresh = [number for number, key in enumerate(keys) if key not in self._entries]
        kept, left_out = fresh[:capacity], fresh[capacity:]
        gone = Evicted([keys[number] for number in left_out], features[left_out]) if left_out else None
        if slab is None or not kept:
            return gone
        evicted = self._make_room(len(kept))
        slots = [self._free.pop() for _ in kept]
        slab[slots] = features[kept].to(self.device)
        for number, slot in zip(kept, slots, strict=True):
            self._entries[keys[number]] = _Entry(slot, step)
        return _joined(evicted, gone)

    def expire(self, before_step: int) -> None:
        """Drop rows that were last used before ``before_step``."""
        self._drop([key for key, entry in self._entries.items() if entry.step < before_step])

    def resize(self, max_bytes: int) -> None:
        """Hold at most ``max_bytes`` from now on; the least recently used rows go."""
        self.max_bytes = max_bytes
        if self._slab is None:
            return
        capacity = self._capacity(self._slab[0].nbytes)
        if capacity == len(self._slab):
            return
        if self.rows > capacity:
            self._drop(list(self._entries)[: self.rows - capacity])
        if capacity == 0:
            self._slab, self._free = None, []
            return
        old, slots = self._slab, [entry.slot for entry in self._entries.values()]
        self._slab = torch.empty(capacity, old.shape[1], dtype=old.dtype, device=self.device)
        self._slab[: len(slots)] = old[slots]
        for slot, entry in enumerate(self._entries.values()):
            entry.slot = slot
        self._free = list(range(capacity - 1, len(slots) - 1, -1))

    def clear(self) -> None:
        self._entries.clear()
        self._slab, self._free = None, []

    def _allocated(self, features: Tensor) -> Tensor | None:
        """The slab for rows like these; None when not even one fits."""
        if self._slab is None and (capacity := self._capacity(features[0].nbytes)):
            self._slab = torch.empty(capacity, features.shape[1], dtype=features.dtype, device=self.device)
            self._free = list(range(capacity - 1, -1, -1))
        return self._slab

    def _capacity(self, row_bytes: int) -> int:
        return self.max_rows if self.max_bytes is None else min(self.max_rows, self.max_bytes // row_bytes)

    def _make_room(self, rows: int) -> Evicted | None:
        short = rows - len(self._free)
        if short <= 0 or self._slab is None:
            return None
        keys = list(self._entries)[:short]
        features = self._slab[[self._entries[key].slot for key in keys]]
        self._drop(keys)
        return Evicted(keys, features)

    def _drop(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._free.append(self._entries.pop(key).slot)


def _joined(first: Evicted | None, second: Evicted | None) -> Evicted | None:
    if first is None or second is None:
        return first or second
    return Evicted(first.keys + second.keys, torch.cat([first.features, second.features]))
