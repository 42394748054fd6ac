"""Work that would hold the window up, done in a pool thread; its answer comes back in the thread of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot


class Background(QObject):
    """Runs one piece of work at a time after the other. What is not waited for after :meth:`close` is dropped."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._tasks: set[_Task] = set()

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def start(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        """Call ``work`` in a pool thread, then here ``done`` with its answer or ``failed`` with its exception."""
        task = _Task(work, done, failed)
        self._tasks.add(task)
        task.signals.ended.connect(self._take)
        self._pool.start(task)

    def close(self) -> None:
        """Wait for the work that goes on and drop its answer."""
        self._tasks.clear()
        self._pool.clear()
        self._pool.waitForDone()

    @Slot(object)
    def _take(self, task: _Task) -> None:
        if task not in self._tasks:
            return
        self._tasks.discard(task)
        if task.error is not None:
            task.failed(task.error)
        else:
            task.done(task.answer)


class _Signals(QObject):
    ended = Signal(object)


class _Task(QRunnable):
    def __init__(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.signals = _Signals()
        self.done, self.failed = done, failed
        self.answer: Any = None
        self.error: Exception | None = None
        self._work = work

    def run(self) -> None:
        try:
            self.answer = self._work()
        except Exception as error:
            self.error = error
        self.signals.ended.emit(self)
