"""A token that asks a run to stop between two chunks."""

from __future__ import annotations

import threading

from slora_core.errors import RunCancelled


class CancelToken:
    """Set from any thread; the engine looks at it between chunks."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        if self._event.is_set():
            raise RunCancelled
