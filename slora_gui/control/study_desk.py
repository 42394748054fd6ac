"""A study on its page: started, followed, cancelled and resumed, and what earlier studies of the job have measured."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slora_core.errors import SloraError
from slora_core.events import Event, Notice, Progress, RunCancelledEvent, RunFailed, StudyFinished, TrialFinished
from slora_core.studies.study_file import Study, StudyRecord
from slora_gui.control.background import Background
from slora_gui.control.study_control import StudyControl
from slora_gui.model.earlier_studies import EarlierStudies, earlier_studies, job_of_study
from slora_gui.model.job_model import JobModel
from slora_gui.model.notice_texts import notice_text
from slora_gui.shell.message_bar import Message
from slora_gui.views.layout import as_sentence
from slora_gui.views.study_bar import StudyBar

StudyStream: TypeAlias = Callable[..., Generator[Event, None, None]]
LOOK_MS: Final = 300
"""After the last of several edits of the job."""


class StudyDesk(QObject):
    """``told`` carries a Message, ``failed`` a RunFailed, ``finished`` the StudyFinished of this kind of study.

    ``recorded_changed`` tells that another file, or none, holds what is shown.
    Subclasses show what there is: :meth:`show_earlier` of a record, :meth:`show_lines` of the study that goes on.
    """

    told = Signal(object)
    failed = Signal(object)
    finished = Signal(object)
    recorded_changed = Signal()

    def __init__(
        self,
        study: Study,
        bar: StudyBar,
        stream: StudyStream,
        *,
        job: JobModel,
        control: StudyControl,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._study, self._bar, self.stream = study, bar, stream
        self._job, self._control, self._background = job, control, background
        self._own = False
        self._lines: list[Mapping[str, Any]] = []
        self._job_looked_at: Mapping[str, Any] | None = None
        self._record: StudyRecord | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LOOK_MS)
        self._later.timeout.connect(self.look)
        job.changed.connect(self._job_changed)
        control.event_came.connect(self._take)
        control.ended.connect(self._ended)
        bar.cancel_requested.connect(control.cancel)

    @property
    def running(self) -> bool:
        """Whether the study that goes on is of this kind."""
        return self._own

    @property
    def recorded(self) -> Path | None:
        """The file of the study that is shown, once its run has ended."""
        return None if self._own or self._record is None else self._record.path

    def show_earlier(self, record: StudyRecord | None) -> None:
        raise NotImplementedError

    def show_lines(self, lines: list[Mapping[str, Any]]) -> None:
        raise NotImplementedError

    def notice_line(self, notice: Notice) -> str:
        """What is told of a notice of the study."""
        return as_sentence(notice_text(notice))

    def begin(self, **settings: Any) -> None:
        """Start with ``settings`` of the stream; a job that cannot be studied ends at once, as failed."""
        if self._control.running:
            return
        self._own, self._lines = True, []
        self._bar.set_running(True)
        self._control.start(partial(self.stream, self._job.config, **settings))

    @Slot()
    def look(self) -> None:
        """Ask what earlier studies have measured of the job; shown when it is known."""
        if self._own:
            return
        config = self._job.config
        job = job_of_study(self._study, config)
        if job != self._job_looked_at:
            self._show_record(None)
        self._job_looked_at = job
        work = partial(earlier_studies, self._study, config)
        self._background.start(work, partial(self._found, job), self._not_found)

    def close(self) -> None:
        self._later.stop()

    def _found(self, job: Mapping[str, Any], found: EarlierStudies) -> None:
        if self._own or job != job_of_study(self._study, self._job.config):
            return
        self._bar.set_resumable(found.resumable_trials)
        self._show_record(found.newest)

    def _show_record(self, record: StudyRecord | None) -> None:
        self._record = record
        self.show_earlier(record)
        self.recorded_changed.emit()

    def _not_found(self, error: Exception) -> None:
        if not isinstance(error, SloraError):
            raise error
        self._bar.set_resumable(0)

    @Slot(str)
    def _job_changed(self, _section: str) -> None:
        self._later.start()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if not self._own:
            return
        match event:
            case TrialFinished():
                self._lines.append(event.figures)
                self._bar.set_progress(event.number, event.trials)
                self.show_lines(self._lines)
            case Progress():
                self._bar.set_progress(event.done, event.total, event.eta_s)
            case Notice():
                self.told.emit(Message(self.notice_line(event), "warning"))

    @Slot(object)
    def _ended(self, event: Event | None) -> None:
        if not self._own:
            return
        self._own = False
        self._bar.set_running(False)
        match event:
            case StudyFinished():
                self._bar.set_resumable(0)
                self.finished.emit(event)
            case RunFailed():
                self.failed.emit(event)
            case RunCancelledEvent():
                self.told.emit(Message(self.tr("The study was cancelled; finished runs are kept and can be resumed.")))
        self.look()
