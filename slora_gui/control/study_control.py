"""Runs one study at a time in a thread that hands its events to the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.events import FINAL_EVENTS, Event
from slora_core.qthread import EngineThread, StreamFactory


class StudyControl(QObject):
    """``event_came`` carries every event, ``ended`` the final one once the thread has ended."""

    event_came = Signal(object)
    ended = Signal(object)
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: EngineThread | None = None
        self._final: Event | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self, stream: StreamFactory) -> None:
        """Raises RuntimeError while another study goes on."""
        if self.running:
            raise RuntimeError("a study is under way")
        self._final = None
        self._thread = EngineThread(stream=stream, parent=self)
        self._thread.event.connect(self._take)
        self._thread.finished.connect(self._thread_finished)
        self._thread.start()
        self.running_changed.emit(True)

    @Slot()
    def cancel(self) -> None:
        """Returns at once; ``ended`` follows."""
        if self._thread is not None:
            self._thread.cancel()

    def stop(self) -> None:
        """Cancel and wait until the study's processes have ended. No signal follows."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            thread.event.disconnect(self._take)
            thread.finished.disconnect(self._thread_finished)
            thread.stop()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if isinstance(event, FINAL_EVENTS):
            self._final = event
        self.event_came.emit(event)

    @Slot()
    def _thread_finished(self) -> None:
        self._thread = None
        self.running_changed.emit(False)
        self.ended.emit(self._final)
