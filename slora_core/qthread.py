"""The one Qt module of the engine: a thread that turns the stream of a run into signals.

Imports QtCore only; the extra ``slora[gui]`` brings it.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

try:
    from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, Signal, Slot
except ImportError as error:
    raise ImportError(
        f"slora_core.qthread needs PySide6, which cannot be imported ({error});"
        " install the window's packages: pip install 'slora[gui]'"
    ) from error

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.events import (
    Event,
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    StudyFinished,
)
from slora_core.streams.streaming import failure_of

if TYPE_CHECKING:
    from slora_core.config import RunConfig

StreamFactory: TypeAlias = Callable[[CancelToken], Iterable[Event]]

_running: Final[set[EngineThread]] = set()


class EngineThread(QThread):
    """Runs a job and emits its events, from a child process (``isolated``) or from this one.

    Every event is emitted as ``event``, and some once more by kind; the last is one of ``succeeded``, ``failed`` and
    ``cancelled``. All carry the frozen event object: a size in bytes does not fit a signal's int. ``stream`` replaces
    the engine by any factory of events. Connect methods of objects that live in the receiving thread.

    A running thread survives the loss of its last reference; deleting it, destroying its parent and leaving the
    application cancel the run and wait for its end.
    """

    event = Signal(object)  # type: ignore[assignment]  # hides QObject.event, which nobody calls on a thread
    memory = Signal(object)
    progress = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal(object)

    def __init__(
        self,
        config: RunConfig | None = None,
        isolated: bool = True,
        *,
        stream: StreamFactory | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__()
        if stream is None:
            if config is None:
                raise TypeError("EngineThread needs a config or a stream")
            stream = partial(isolate.stream if isolated else _stream_here, config)
        self._stream = stream
        self._cancel = CancelToken()
        self.installEventFilter(self)
        self.finished.connect(self._forget)
        if parent is not None:  # not as a Qt parent, which would delete this while it runs
            parent.destroyed.connect(self.stop)

    def start(self, priority: QThread.Priority = QThread.Priority.InheritPriority) -> None:
        """Start the run. Call it once."""
        _running.add(self)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)
        super().start(priority)

    @Slot()
    def cancel(self) -> None:
        """Ask the run to stop; returns at once. ``cancelled`` follows."""
        self._cancel.cancel()

    @Slot()
    def stop(self) -> None:
        """Cancel and wait for the end of the thread."""
        self._cancel.cancel()
        if QThread.currentThread() is not self:
            self.wait()

    def run(self) -> None:
        """The body of the thread: never raises, ends with exactly one final signal."""
        started = time.perf_counter()
        final = False
        try:
            for event in self._stream(self._cancel):
                final = self._hand_out(event) or final
            if not final:
                raise RuntimeError("the run ended without a result")
        except BaseException as error:
            if not final:
                self._hand_out(failure_of(error, time.perf_counter() - started))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Before a ``deleteLater`` takes effect, end the run."""
        if event.type() == QEvent.Type.DeferredDelete:
            self.stop()
            _running.discard(self)
        return False

    def _hand_out(self, event: Event) -> bool:
        """Emit an event; whether it was a final one."""
        self.event.emit(event)
        match event:
            case MemorySample():
                self.memory.emit(event)
            case Progress():
                self.progress.emit(event)
            case RunFinished() | StudyFinished():
                self.succeeded.emit(event)
                return True
            case RunFailed():
                self.failed.emit(event)
                return True
            case RunCancelledEvent():
                self.cancelled.emit(event)
                return True
        return False

    @Slot()
    def _forget(self) -> None:
        self.wait()  # "finished" is emitted shortly before the thread has ended
        _running.discard(self)


def _stream_here(config: RunConfig, cancel: CancelToken) -> Iterable[Event]:
    from slora_core import pipeline

    return pipeline.stream(config, cancel)


@atexit.register
def _stop_all() -> None:
    for thread in tuple(_running):
        thread.stop()
    _running.clear()
