"""Both studies of the window, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.events import StudyFinished
from slora_core.records.tables import format_seconds
from slora_gui.control.ablation_desk import AblationDesk
from slora_gui.control.background import Background
from slora_gui.control.export_desk import ExportDesk
from slora_gui.control.study_control import StudyControl
from slora_gui.control.tuner_desk import TunerDesk
from slora_gui.shell.message_bar import Message

if TYPE_CHECKING:
    from slora_gui.composition import Models, Views
    from slora_gui.main_window import MainWindow


class Studies(QObject):
    """``told`` carries a Message, ``failed`` the RunFailed of a study; ``tuned`` when this machine was tuned."""

    told = Signal(object)
    failed = Signal(object)
    tuned = Signal()

    def __init__(
        self,
        models: Models,
        views: Views,
        window: MainWindow,
        *,
        exports: ExportDesk,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self.control = StudyControl(self)
        self._bars = (views.ablation.study, views.tuner.study)
        self.ablation = AblationDesk(
            views.ablation,
            views.job,
            exports,
            job=models.job,
            control=self.control,
            background=background,
            parent=self,
        )
        self.tuner = TunerDesk(
            views.tuner,
            models.what_if,
            exports,
            job=models.job,
            control=self.control,
            background=background,
            parent=self,
        )
        for desk in (self.ablation, self.tuner):
            desk.told.connect(self.told)
            desk.failed.connect(self.failed)
            desk.finished.connect(self._finished)
        self.tuner.applied.connect(self._show_forecast)
        window.page_changed.connect(self._page_changed)
        models.job.changed.connect(self._job_changed)

    def look(self) -> None:
        """What earlier studies of the job have measured."""
        self.ablation.look()
        self.tuner.look()

    @Slot(bool)
    def set_busy(self, busy: bool) -> None:
        """While something else computes, which would falsify what is measured, no study is started."""
        for bar in self._bars:
            bar.set_startable(not busy)

    def close(self) -> None:
        self.ablation.close()
        self.tuner.close()
        self.control.stop()

    @Slot(object)
    def _finished(self, event: StudyFinished) -> None:
        if event.study == "tuning":
            self.tuned.emit()
        text = {
            "ablation": self.tr("The ablation is finished: {trials} runs in {time}."),
            "tuning": self.tr("The tuning is finished: {trials} trials in {time}. Choose a point to apply it."),
        }[event.study]
        self.told.emit(Message(text.format(trials=event.trials, time=format_seconds(event.seconds)), "good"))

    @Slot(str)
    def _page_changed(self, page: str) -> None:
        if page == "tuner":
            self.tuner.request_frontier()
        if page in ("ablation", "tuner"):
            self.look()

    @Slot(str)
    def _job_changed(self, _section: str) -> None:
        if self._window.page == "tuner":
            self.tuner.request_frontier()

    @Slot()
    def _show_forecast(self) -> None:
        self._window.show_dock("forecast")
