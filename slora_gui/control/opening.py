"""Opens what people drop, choose or name: runs are shown, configurations and sources go into the job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slora_core.errors import InputError
from slora_gui.control.background import Background
from slora_gui.model.file_kind import file_kind
from slora_gui.model.job_model import JobModel
from slora_gui.model.run_loading import load_run
from slora_gui.model.run_model import RunModel
from slora_gui.model.run_state import RunState


class Opener(QObject):
    """``run_opened`` carries the model of a run; ``job_changed`` the path that went into the job.

    ``refused`` says why a file cannot be opened, in the engine's own words.
    """

    run_opened = Signal(object)
    job_changed = Signal(object)
    refused = Signal(str)

    def __init__(self, job: JobModel, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._background = background

    def open(self, path: str | Path) -> None:
        path = Path(path)
        if path.is_dir():
            self._take(path, lambda text: self._job.open_folder(path, text))
            return
        try:
            kind = file_kind(path)
        except InputError as error:
            self.refused.emit(error.what)
            return
        if kind == "run":
            self._background.start(lambda: load_run(path), self._show_run, self._refuse)
            return
        if kind == "config":
            self._take(path, lambda text: self._job.open_config(path, text))
        else:
            self._take(path, lambda text: self._job.open_source(kind, path, text))

    def _take(self, path: Path, take: Callable[[str], bool]) -> None:
        """Into the job, by ``take(text of the undo step)``."""
        self._job.refused.connect(self.refused)
        try:
            taken = take(self.tr("Open {name}").format(name=path.name))
        finally:
            self._job.refused.disconnect(self.refused)
        if taken:
            self.job_changed.emit(path)

    def _show_run(self, state: RunState) -> None:
        model = RunModel.from_state(state)
        if state.path is not None and model.header.status == "running":
            model.follow(state.path)
        self.run_opened.emit(model)

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            raise error
        self.refused.emit(error.what)
