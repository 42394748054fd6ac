"""Counts the page-locked host memory of a run's workspaces beside a CUDA device.

There the allocator counts device memory, so a ledger that looks at every operation is not needed: what a run holds on
the host is what its workspaces declare, and they report it here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_present: ContextVar[HostCount | None] = ContextVar("host_count", default=None)


class HostCount:
    """Live bytes and a stack of peaks, as a :class:`~slora_core.memory.ledger.Ledger` has them."""

    def __init__(self) -> None:
        self.live_bytes = 0
        self._peaks = [0]
        self._lock = threading.Lock()

    def add(self, size_bytes: int) -> None:
        """A negative size takes back."""
        with self._lock:
            self.live_bytes += size_bytes
            self._peaks[-1] = max(self._peaks[-1], self.live_bytes)

    def push_peak(self) -> None:
        with self._lock:
            self._peaks.append(self.live_bytes)

    def pop_peak(self) -> int:
        with self._lock:
            peak = self._peaks.pop()
            self._peaks[-1] = max(self._peaks[-1], peak)
            return peak

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Workspaces opened inside, in this thread, report here."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)


def count_host_bytes(size_bytes: int) -> None:
    """Report to the run's count; without one nothing happens."""
    count = _present.get()
    if count is not None:
        count.add(size_bytes)
