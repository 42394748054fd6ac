"""One computation in a thread of the pool, its outcome told in the thread of who asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal


class Signals(QObject):
    """``done`` carries what the computation returned, None if it raised something unforeseen."""

    done = Signal(object)


class Task(QRunnable):
    """Calls ``compute`` once started. Connect ``signals.done`` to a method of a QObject, and keep the task until then.

    Its signals have no parent, so that they outlive whoever asked.
    """

    def __init__(self, compute: Callable[[], Any]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.signals = Signals()
        self._compute = compute

    def start(self) -> None:
        QThreadPool.globalInstance().start(self)

    def run(self) -> None:
        outcome = None
        try:
            outcome = self._compute()
        finally:
            self.signals.done.emit(outcome)
