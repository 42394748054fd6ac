"""One computation in a thread of the pool, its outcome told in the thread of who asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from slora_core.errors import InputError
from slora_gui.model.run_loading import load_run
from slora_gui.model.run_model import RunModel
from slora_gui.model.run_state import RunState


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


class RunOpener(QObject):
    """Opens run files without holding up the window: ``opened`` carries a RunModel, ``refused`` path and reason.

    Files are read one after another, in the order in which they were asked for.
    """

    opened = Signal(object)
    refused = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Path] = []
        self._generation = 0
        self._task: Task | None = None

    def open(self, path: str | Path) -> None:
        """Ask for the run in ``path``."""
        self._waiting.append(Path(path))
        self._next()

    def close(self) -> None:
        """Forget what is waiting, and wait for the file that is read; no signal follows."""
        self._waiting.clear()
        self._generation += 1
        if self._task is not None:
            self._task = None
            QThreadPool.globalInstance().waitForDone()

    def _next(self) -> None:
        if self._task is None and self._waiting:
            path = self._waiting.pop(0)
            self._task = Task(partial(_read, path, self._generation))
            self._task.signals.done.connect(self._take)
            self._task.start()

    @Slot(object)
    def _take(self, outcome: _Outcome | None) -> None:
        if outcome is not None and outcome.generation != self._generation:
            return
        self._task = None
        if outcome is not None:
            if outcome.state is None:
                self.refused.emit(str(outcome.path), outcome.reason)
            else:
                self.opened.emit(RunModel.from_state(outcome.state))
        self._next()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A run that was read, or the reason why not; ``generation`` of the opener that asked."""

    path: Path
    generation: int
    state: RunState | None = None
    reason: str = ""


def _read(path: Path, generation: int) -> _Outcome:
    try:
        return _Outcome(path, generation, load_run(path))
    except InputError as error:
        return _Outcome(path, generation, reason=f"{error.what}; {error.remedy}" if error.remedy else error.what)
