"""Opens what people drop, choose or name: runs are shown, configurations and sources go into the job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slora_core.errors import InputError
from slora_gui.control.background import Background
from slora_gui.model.file_kind import file_kind
from slora_gui.model.job_model import JobModel
from slora_gui.model.problem_texts import what_text
from slora_gui.model.run_loading import load_run
from slora_gui.model.run_model import RunModel
from slora_gui.model.run_state import RunState
from slora_gui.views.layout import as_sentence


class Opener(QObject):
    """``run_opened`` carries the model of a run; ``job_changed`` the paths that went into the job together.

    ``refused`` says why files cannot be opened, in the engine's own words, a line for each of those opened together.
    """

    run_opened = Signal(object)
    job_changed = Signal(object)
    refused = Signal(str)

    def __init__(self, job: JobModel, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._background = background
        self._refusals: list[str] = []

    def open_files(self, paths: Sequence[str | Path]) -> None:
        self._refusals = []
        if taken := [path for path in map(Path, paths) if self._open(path)]:
            self.job_changed.emit(taken)
        if self._refusals:
            self._tell_refusals()

    def _open(self, path: Path) -> bool:
        """Whether it is in the job now; a run is shown when it has been read."""
        if path.is_dir():
            return self._take(path, lambda text: self._job.open_folder(path, text))
        try:
            kind = file_kind(path)
        except InputError as error:
            self._refusals.append(what_text(error))
            return False
        if kind == "run":
            self._background.start(lambda: load_run(path), self._show_run, self._refuse)
            return False
        if kind == "config":
            return self._take(path, lambda text: self._job.open_config(path, text))
        return self._take(path, lambda text: self._job.open_source(kind, path, text))

    def _take(self, path: Path, take: Callable[[str], bool]) -> bool:
        """Into the job, by ``take(text of the undo step)``."""
        self._job.refused.connect(self._refusals.append)
        try:
            return take(self.tr("Open {name}").format(name=path.name))
        finally:
            self._job.refused.disconnect(self._refusals.append)

    def _show_run(self, state: RunState) -> None:
        model = RunModel.from_state(state)
        if state.path is not None and model.header.status == "running":
            model.follow(state.path)
        self.run_opened.emit(model)

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            raise error
        self._refusals.append(what_text(error))
        self._tell_refusals()

    def _tell_refusals(self) -> None:
        self.refused.emit("\n".join(map(as_sentence, self._refusals)))
