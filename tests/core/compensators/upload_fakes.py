"""Uploads without a device, as early or as late as the promise of ``Uploads`` allows.

Where a thread has entered, it alone copies, and another works on the slots.
"""

from __future__ import annotations

import threading


class EarlyUploads:
    """Everything is copied at once."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.spent = [0, 0]
        self.copied: list[int] = []
        self.awaited: list[int] = []
        self.closed = False

    def enter_thread(self) -> None:
        self.threads.append(threading.get_ident())

    def spend(self, slot) -> None:
        self.spent[slot] += 1

    def copy(self, slot, rows) -> None:
        assert self.threads in ([], [threading.get_ident()])
        self.copied.append(slot)
        assert self.copied.count(slot) <= self.spent[slot]
        for target, source in rows:
            target.copy_(source)

    def await_on_host(self, slot) -> None:
        assert threading.get_ident() == self.threads[0]
        self.awaited.append(slot)

    def await_on_device(self, slot) -> None:
        assert threading.get_ident() not in self.threads

    def close(self) -> None:
        self.closed = True


class LateUploads(EarlyUploads):
    """Nothing is copied before somebody waits for it, and then only what must be."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, list]] = []

    def copy(self, slot, rows) -> None:
        with self._lock:
            self._waiting.append((slot, list(rows)))

    def await_on_host(self, slot) -> None:
        super().await_on_host(slot)
        self._catch_up(slot)

    def await_on_device(self, slot) -> None:
        super().await_on_device(slot)
        self._catch_up(slot)

    def _catch_up(self, slot) -> None:
        """Up to the last copy into ``slot``, in order, as a stream does."""
        with self._lock:
            last = max((place for place, (of, _) in enumerate(self._waiting) if of == slot), default=-1)
            for _, rows in self._waiting[: last + 1]:
                for target, source in rows:
                    target.copy_(source)
            del self._waiting[: last + 1]
