"""Ctrl-C on the command line: never a traceback, and never lost in an import that swallows it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_interrupt(answer: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C calls ``answer`` and goes on; a second one raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    answered = False

    def interrupt(_: int, __: FrameType | None) -> None:
        nonlocal answered
        if answered:
            raise KeyboardInterrupt
        answered = True
        answer()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def importing() -> Iterator[None]:
    """For imports: a Ctrl-C is raised when they are done, since one raised inside an import can vanish there."""
    pending: list[bool] = []
    with first_interrupt(lambda: pending.append(True)):
        yield
    if pending:
        raise KeyboardInterrupt
