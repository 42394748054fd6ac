"""The job as it is edited: forecasts and frontier that follow it, files looked for, notices acted upon."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication

from slora_core.config import SourceConfig
from slora_core.events import Notice
from slora_gui.control.background import Background
from slora_gui.control.dialogs import Dialogs
from slora_gui.model.device_profiles import planning_profile
from slora_gui.model.forecasting import Forecast
from slora_gui.model.notices import notice_actions
from slora_gui.model.source_facts import SourceFacts, source_facts

if TYPE_CHECKING:
    from slora_gui.composition import Models, Views
    from slora_gui.main_window import MainWindow

_KINDS_OF_FILES = ("files", "models")
_FOLDERS = ("base", "adapter_before", "adapter_after", "images", "aux_images")


class JobDesk(QObject):
    def __init__(
        self,
        models: Models,
        views: Views,
        dialogs: Dialogs,
        window: MainWindow,
        *,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._models, self._views, self._dialogs, self._window = models, views, dialogs, window
        self._background = background
        app = QCoreApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.applicationStateChanged.connect(self._application_changed)
        models.job.changed.connect(self._job_changed)
        models.what_if.ready.connect(self._forecast)
        views.job.browse_requested.connect(self._browse)
        views.forecast.budget_requested.connect(self._set_budget)
        views.forecast.plan_requested.connect(partial(window.show_dock, "plan"))
        views.notices.show_requested.connect(self._show_notice)
        views.notices.raise_budget_requested.connect(self._raise_budget)
        views.notices.replan_requested.connect(self._replan)

    @Slot()
    def look_again(self) -> None:
        """Read what the job's files hold, which other programs may have replaced; forecast anew where they have."""
        source = self._models.job.config.source
        if source.kind in _KINDS_OF_FILES:
            self._background.start(partial(source_facts, source), partial(self._take_facts, source), _raise)

    @Slot(Qt.ApplicationState)
    def _application_changed(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.look_again()

    def _take_facts(self, source: SourceConfig, facts: SourceFacts) -> None:
        self._models.job.take_facts(source, facts)
        self._models.what_if.request(self._models.job.config)

    @Slot()
    def plan_anew(self) -> None:
        """For what is known of this machine by now."""
        self.show_device()
        self._models.what_if.request(self._models.job.config)

    def show_device(self) -> None:
        """The job's device, how much memory it has, and whether it was tuned."""
        run = self._models.job.config.run
        profile = planning_profile(run.device, run.threads)
        self._window.status.show_device(run.device)
        self._views.live.set_device(profile.kind, profile.name, profile.total_bytes)
        self._views.job.set_device_total(profile.total_bytes)
        self._views.job.set_tuned(bool(profile.measured))

    @Slot(str)
    def _job_changed(self, section: str) -> None:
        config = self._models.job.config
        self._models.what_if.request(config)
        if section in ("", "run"):
            self.show_device()

    @Slot(object)
    def _forecast(self, forecast: Forecast) -> None:
        self._views.live.show_forecast(forecast)

    @Slot(object)
    def _set_budget(self, budget_bytes: int) -> None:
        self._models.job.change({"memory": {"budget": budget_bytes}}, self.tr("Set budget"))

    @Slot(str)
    def _browse(self, role: str) -> None:
        if role == "output":
            path = self._dialogs.save_file(
                self.tr("Where to write the moved state"),
                "state.safetensors",
                self.tr("Class state (*.safetensors)"),
                ".safetensors",
            )
            if path is not None:
                self._models.job.change({"output": {"state": str(path)}}, self.tr("Choose output"))
            return
        if role in _FOLDERS or (role == "evaluate" and self._models.job.config.source.kind == "models"):
            path = self._dialogs.folder(self.tr("Choose a folder"))
        else:
            path = self._dialogs.open_file(
                self.tr("Choose a file"), self.tr("Arrays (*.npz *.safetensors);;All files (*)")
            )
        if path is not None:
            self._models.job.change({"source": {role: str(path)}}, self.tr("Choose {name}").format(name=path.name))

    @Slot(object)
    def _show_notice(self, notice: Notice) -> None:
        self._window.show_page("live")
        self._views.live.show_moment(notice_actions(notice).show_s)

    @Slot(object)
    def _raise_budget(self, notice: Notice) -> None:
        raised = notice_actions(notice).raised_budget_bytes
        if raised is not None:
            self._models.job.change({"memory": {"budget": raised}}, self.tr("Raise budget"))
            self._window.show_dock("forecast")

    @Slot(object)
    def _replan(self, notice: Notice) -> None:
        self._models.job.change({"memory": {"policy": "planned"}}, self.tr("Plan again"))
        self._models.what_if.request(self._models.job.config)
        self._window.show_dock("plan")


def _raise(error: Exception) -> None:
    raise error
