"""Unexpected exceptions end in a dialog, whatever thread they come from, and never end the window."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot


class ErrorHook(QObject):
    """While installed, ``caught`` carries each uncaught exception, in the thread of this object.

    The traceback still goes to standard error. Of exceptions that are alike only the first is carried, so that a
    failing timer does not bury the window under dialogs.
    """

    caught = Signal(object)
    _from_any_thread = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seen: set[tuple[type[BaseException], str, int]] = set()
        self._from_any_thread.connect(self._carry, Qt.ConnectionType.QueuedConnection)
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._before[0](kind, error, trace)
        if issubclass(kind, Exception):
            self._from_any_thread.emit(error.with_traceback(trace))

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        self._before[1](args)
        if isinstance(args.exc_value, Exception):
            self._from_any_thread.emit(args.exc_value)

    @Slot(object)
    def _carry(self, error: BaseException) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = (type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else (type(error), "", 0)
        if place not in self._seen:
            self._seen.add(place)
            self.caught.emit(error)
