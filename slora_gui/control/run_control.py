"""Runs jobs one after another, each from a process of its own: starts, feeds the models, cancels, ends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import OutputError
from slora_core.events import Event
from slora_core.qthread import EngineThread
from slora_core.records.history import History
from slora_gui.control.recording import recorded
from slora_gui.model.run_model import RunModel

Engine: TypeAlias = Callable[[RunConfig, CancelToken], Generator[Event, None, None]]


TAKE_MS: Final = 200
"""Events are taken in 5 times a second, all that have come: waking for each costs more than what it brings."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is run, what it is called in the language of the window, and the word for it in the name of its file."""

    config: RunConfig
    title: Callable[[], str]
    slug: str


class RunControl(QObject):
    """One run at a time. Emits ``started`` and ``ended`` with each run's model, ``all_ended`` with those of a batch.

    A batch stops after the first run that does not finish.
    """

    started = Signal(object)
    event_came = Signal(object)
    ended = Signal(object)
    all_ended = Signal(object)
    running_changed = Signal(bool)

    def __init__(self, history: History, engine: Engine = isolate.stream, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._engine = engine
        self._thread: EngineThread | None = None
        self._waiting: list[Job] = []
        self._models: list[RunModel] = []
        self._inbox: SimpleQueue[Event] = SimpleQueue()
        self._timer = QTimer(self)
        self._timer.setInterval(TAKE_MS)
        self._timer.timeout.connect(self._take)

    @property
    def running(self) -> bool:
        return self._thread is not None

    @property
    def model(self) -> RunModel | None:
        """The run that goes on, or else the last one."""
        return self._models[-1] if self._models else None

    def start(self, jobs: Sequence[Job]) -> None:
        """Run ``jobs`` in order. Raises RuntimeError while another run goes on."""
        if self.running:
            raise RuntimeError("a run is under way")
        self._waiting, self._models = list(jobs), []
        self._start_next()
        self.running_changed.emit(True)

    @Slot()
    def cancel(self) -> None:
        """Stop the run and forget those that wait; returns at once, ``ended`` follows."""
        self._waiting.clear()
        if self._thread is not None:
            self._thread.cancel()

    def stop(self) -> None:
        """Cancel and wait until the engine's process has ended. No signal follows."""
        self._waiting.clear()
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._timer.stop()
            thread.finished.disconnect(self._thread_finished)
            thread.stop()

    def _start_next(self) -> None:
        job = self._waiting.pop(0)
        place = self._place(job.slug)
        model = RunModel(job.title, place if isinstance(place, Path) else None)
        self._models.append(model)
        self._inbox = SimpleQueue()
        self._thread = EngineThread(stream=partial(_stream, self._engine, job.config, place, self._inbox), parent=self)
        self._thread.finished.connect(self._thread_finished)
        self.started.emit(model)
        self._thread.start()
        self._timer.start()

    def _place(self, slug: str) -> Path | OutputError:
        """A new file of the history, or why there is none."""
        try:
            return self._history.new_path(slug)
        except OutputError as error:
            return error

    @Slot()
    def _take(self) -> None:
        events: list[Event] = []
        with suppress(Empty):
            while True:
                events.append(self._inbox.get_nowait())
        if events:
            self._models[-1].feed_all(events)
        for event in events:
            self.event_came.emit(event)

    @Slot()
    def _thread_finished(self) -> None:
        self._timer.stop()
        self._take()
        self._thread = None
        model = self._models[-1]
        self.ended.emit(model)
        if self._waiting and model.status == "finished":
            self._start_next()
            return
        self._waiting.clear()
        self.running_changed.emit(False)
        self.all_ended.emit(list(self._models))


def _stream(
    engine: Engine, config: RunConfig, place: Path | OutputError, inbox: SimpleQueue[Event], cancel: CancelToken
) -> Generator[Event, None, None]:
    """The events of a run, each put into ``inbox`` on its way."""
    for event in recorded(engine(config, cancel), place):
        inbox.put(event)
        yield event
