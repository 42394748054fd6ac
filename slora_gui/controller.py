"""Connects the intents of the views to models, engine and dialogs. Nothing else knows all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.errors import OutputError, SloraError
from slora_core.events import Event, MemorySample, Notice, Progress, RunFailed, RunStarted
from slora_gui.actions import WindowState
from slora_gui.composition import Models, Views
from slora_gui.control.appearance import Appearance
from slora_gui.control.background import Background
from slora_gui.control.batches import demo_config, single_job
from slora_gui.control.compare_desk import CompareDesk
from slora_gui.control.dialogs import Dialogs
from slora_gui.control.export_desk import PLOT_KINDS, ExportDesk
from slora_gui.control.help_desk import HelpDesk
from slora_gui.control.history_desk import HistoryDesk
from slora_gui.control.job_desk import JobDesk
from slora_gui.control.opening import Opener
from slora_gui.control.outcomes import error_message, failure_message, outcome_message, with_results
from slora_gui.control.recent_files import RecentFiles
from slora_gui.control.recording import NOT_RECORDED
from slora_gui.control.refreshing import RefreshTimer
from slora_gui.control.results_desk import ResultsDesk
from slora_gui.control.run_control import Engine, Job, RunControl
from slora_gui.control.shown_exports import ShownExports
from slora_gui.control.studies import Studies
from slora_gui.main_window import MainWindow
from slora_gui.model.run_model import RunModel
from slora_gui.settings import Settings
from slora_gui.shell.device_watch import DeviceWatch
from slora_gui.shell.error_hook import ErrorHook
from slora_gui.shell.message_bar import Message
from slora_gui.views.layout import as_sentence


class Controller(QObject):
    """Owns what lives beside the widgets; ends with the window."""

    def __init__(
        self,
        window: MainWindow,
        models: Models,
        views: Views,
        settings: Settings,
        *,
        engine: Engine = isolate.stream,
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__(window)
        self.window, self.models, self.views, self.settings = window, models, views, settings
        self.dialogs = dialogs or Dialogs(window)
        self.background = Background(self)
        self.runs = RunControl(models.history.history, engine, self)
        self.opener = Opener(models.job, self.background, self)
        self.exports = ExportDesk(models.job, self.dialogs, self.background, self)
        self.watch = DeviceWatch(self)
        self.hook = ErrorHook(self)
        themed = (views.live, views.compare, views.tuner, views.forecast, views.results)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.appearance = Appearance(app, settings, window.actions_by_id, themed, self)
        self.shown = ShownExports(
            self.exports,
            views,
            window,
            comparison=models.comparison,
            appearance=self.appearance,
            shown_run=lambda: self._run,
            shown_ablation=lambda: self.studies.ablation.recorded,
            parent=self,
        )
        self.help = HelpDesk(window, views, settings, self.appearance, self)
        self.job_desk = JobDesk(models, views, self.dialogs, window, background=self.background, parent=self)
        self.compare_desk = CompareDesk(
            models, views, self.dialogs, window, runs=self.runs, background=self.background, parent=self
        )
        self.studies = Studies(models, views, window, exports=self.exports, background=self.background, parent=self)
        self.results_desk = ResultsDesk(views.results, self.dialogs, self.background, self)
        self.history_desk = HistoryDesk(models, views.history, self.dialogs, window, self)
        self.recent = RecentFiles(settings, views.welcome, window.actions_by_id.menu("File/Recent"), self)
        self.refresher = RefreshTimer(views.live.refresh, self._live_is_seen, self)
        self._run: RunModel | None = None
        self._actions = self._action_table()
        self._connect_window()
        self._connect_views()
        self._connect_runs()

    def begin(self) -> None:
        """Put settings into force and look at the machine; call it once, before the window is shown."""
        self.appearance.begin()
        self.recent.show()
        self.job_desk.plan_anew()
        self._update_state()
        QTimer.singleShot(0, self._begin_slowly)

    @property
    def run(self) -> RunModel | None:
        """The run on show."""
        return self._run

    @property
    def busy(self) -> bool:
        """Whether a run or a study is under way: there is one at a time."""
        return self.runs.running or self.studies.control.running

    def open_files(self, paths: Sequence[str | Path]) -> None:
        """Those that belong together at once; one that is refused does not keep out the others."""
        if paths:
            self.window.messages.dismiss()
            self.opener.open_files(paths)

    def tell(self, text: str, level: str = "info") -> None:
        self.window.messages.tell(Message(text, level))

    def show_run(self, model: RunModel) -> None:
        """Put a run on show, live or opened, on every view of one run."""
        if self._run is not None:
            self._run.changed.disconnect(self._run_changed)
            self._run.follow_failed.disconnect(self._refused)
            self._run.stop_following()
        self._run = model
        model.changed.connect(self._run_changed)
        model.follow_failed.connect(self._refused)
        for view in (self.views.live, self.views.results, self.views.notices):
            view.set_run(model)
        self.window.status.show_sample(None)
        self.window.status.show_status(model.status)
        self.window.status.show_progress(model.progress)
        self.window.set_subject(lambda: model.title)
        self.window.show_page("live")
        self.refresher.follow(model)
        self._update_state()

    def start(self, jobs: Sequence[Job]) -> None:
        self.window.messages.dismiss()
        self.runs.start(jobs)

    @Slot()
    def start_job(self) -> None:
        if not self.busy:
            self.start(single_job(self.models.job.config))

    @Slot()
    def start_demo(self) -> None:
        if self.busy:
            return
        self.models.job.replace(demo_config(self.models.job.config), self.tr("Set up the demo"))
        self.start_job()
        if not self.settings.toured:
            self.help.tour()

    @Slot(str)
    def perform(self, action_id: str) -> None:
        """What an action of the table does."""
        self._actions[action_id]()

    def _action_table(self) -> dict[str, Callable[[], Any]]:
        window, exports, job = self.window, self.exports, self.models.job
        table: dict[str, Callable[[], Any]] = {
            "new-job": lambda: job.replace(RunConfig(), self.tr("New job")),
            "open": self._open,
            "save-config": exports.save_config,
            "export-report": self.shown.report,
            "export-csv": self.shown.tables,
            "copy-plot": lambda: self.shown.plot("clipboard"),
            "export-snippet": exports.save_snippet,
            "copy-snippet": exports.copy_snippet,
            "copy-command": exports.copy_command,
            "quit": window.close,
            "undo": job.undo_stack.undo,
            "redo": job.undo_stack.redo,
            "note": lambda: self.history_desk.note(self._run),
            "run": self.start_job,
            "cancel": self._cancel,
            "compare-engines": self._run_both,
            "demo": self.start_demo,
            "history": self.history_desk.search,
            "pause-view": self._toggle_pause,
            "zoom-region": self.views.live.plot.zoom_to_region,
            "reset-view": self.views.live.plot.reset_view,
            "full-screen": self._toggle_full_screen,
            "reset-layout": window.reset_layout,
            **self.help.actions(),
        }
        for name in self.views.pages:
            table[f"page-{name}"] = partial(window.show_page, name)
        for action_id, kind in PLOT_KINDS.items():
            table[action_id] = partial(self.shown.plot, kind)
        return table

    def _connect_window(self) -> None:
        window, stack = self.window, self.models.job.undo_stack
        window.actions_by_id.triggered.connect(self.perform)
        window.page_changed.connect(self._page_changed)
        window.open_files_requested.connect(self.open_files)
        window.seen_changed.connect(self.refresher.wake)
        window.may_close = self._may_close
        window.closed.connect(self._end)
        stack.indexChanged.connect(self._undo_changed)
        self.hook.caught.connect(self.help.show_defect)
        self.watch.changed.connect(self._cards_changed)
        self.exports.told.connect(window.messages.tell)
        self.recent.open_requested.connect(self._open_one)
        for desk in (self.compare_desk, self.history_desk, self.results_desk):
            desk.failed.connect(self._failed)
        self.studies.told.connect(window.messages.tell)
        self.studies.failed.connect(self._study_failed)
        self.studies.tuned.connect(self.job_desk.plan_anew)
        self.studies.ablation.recorded_changed.connect(self._update_state)
        self.models.history.failed.connect(self._failed)
        self.opener.refused.connect(self._refused)
        self.opener.run_opened.connect(self._run_opened)
        self.opener.job_changed.connect(self._job_opened)

    def _connect_views(self) -> None:
        views = self.views
        views.welcome.action_requested.connect(self.perform)
        views.job.ready_changed.connect(self._update_state)
        for view in (views.welcome, views.job, views.live):
            view.open_files_requested.connect(self.open_files)
        views.job.run_requested.connect(self.start_job)
        views.job.compare_requested.connect(self._run_both)
        views.compare.run_both_requested.connect(self._run_both)
        views.live.cancel_requested.connect(self.runs.cancel)
        views.live.pause_toggled.connect(self._pause_toggled)
        views.history.open_requested.connect(self._open_one)
        self.models.comparison.changed.connect(self._update_state)
        self.appearance.language_chosen.connect(self.job_desk.look_again)  # what is wrong is told anew

    def _connect_runs(self) -> None:
        self.runs.started.connect(self.show_run)
        self.runs.started.connect(self.job_desk.look_again)
        self.runs.event_came.connect(self._event)
        self.runs.ended.connect(self._run_ended)
        self.runs.running_changed.connect(self._running_changed)
        self.studies.control.running_changed.connect(self._running_changed)

    @Slot()
    def _begin_slowly(self) -> None:
        """What can wait until the window has been painted."""
        self.models.history.refresh()
        self.studies.look()
        self.watch.start()

    def _live_is_seen(self) -> bool:
        window = self.window
        return window.isVisible() and not window.isMinimized() and window.page == "live"

    @Slot(object)
    def _event(self, event: Event) -> None:
        if isinstance(event, MemorySample):
            self.window.status.show_sample(event)
        elif isinstance(event, Progress):
            self.window.status.show_progress(event)
        elif isinstance(event, RunStarted):
            self.models.history.refresh()
        elif isinstance(event, Notice) and event.kind == NOT_RECORDED:
            self.tell(event.message, "warning")

    @Slot(str)
    def _run_changed(self, aspect: str) -> None:
        if aspect == "status" and self._run is not None:
            self.window.status.show_status(self._run.status)
            self._update_state()

    @Slot(object)
    def _run_ended(self, model: RunModel) -> None:
        self.models.history.refresh()
        if (message := outcome_message(model, self.help.show_problem)) is not None:
            achieved = model.result is not None and bool(model.accuracies)
            self.window.messages.tell(with_results(message, self.window) if achieved else message)

    @Slot(bool)
    def _running_changed(self, _running: bool) -> None:
        self.views.job.set_running(self.busy)
        self.studies.set_busy(self.busy)
        self._update_state()

    @Slot()
    def _cancel(self) -> None:
        self.runs.cancel()
        self.studies.control.cancel()

    @Slot()
    def _run_both(self) -> None:
        if not self.busy:
            self.compare_desk.run_both()

    @Slot(object)
    def _study_failed(self, failure: RunFailed) -> None:
        self.window.messages.tell(failure_message(failure, self.help.show_problem))

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, SloraError):
            raise error
        self.window.messages.tell(error_message(error))

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self.tell(as_sentence(sentence), "danger")

    @Slot(object)
    def _run_opened(self, model: RunModel) -> None:
        self.show_run(model)
        if model.path is not None:
            self.recent.remember(model.path)

    @Slot(object)
    def _job_opened(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self.recent.remember(path)
        self.window.show_dock("job")
        self.window.show_dock("forecast")
        text = self.tr("{name} is in the job now.") if len(paths) == 1 else self.tr("{name} are in the job now.")
        self.tell(text.format(name=QLocale().createSeparatedList([path.name for path in paths])), "good")

    def _open(self) -> None:
        patterns = self.tr("All that SLoRA reads (*.slora *.toml *.npz *.safetensors);;All files (*)")
        if path := self.dialogs.open_file(self.tr("Open"), patterns):
            self.open_files([path])

    @Slot(object)
    def _open_one(self, path: str | Path) -> None:
        self.open_files([path])

    def _toggle_pause(self) -> None:
        self.views.live.tools.buttons["pause"].click()

    @Slot(bool)
    def _pause_toggled(self, paused: bool) -> None:
        self.window.actions_by_id["pause-view"].setChecked(paused)

    def _toggle_full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    @Slot(str)
    def _page_changed(self, page: str) -> None:
        self.refresher.wake()
        self._update_state()

    @Slot()
    def _undo_changed(self) -> None:
        stack = self.models.job.undo_stack
        self.window.actions_by_id.set_undo_texts(stack.undoText(), stack.redoText())
        self._update_state()

    @Slot(object)
    def _cards_changed(self, cards: Sequence[Any]) -> None:
        self.window.status.show_cards(cards)
        self.views.job.set_cards([card.name for card in cards])
        self.job_desk.show_device()

    @Slot()
    def _update_state(self) -> None:
        run, stack, page = self._run, self.models.job.undo_stack, self.window.page
        compared = page == "compare" and bool(self.models.comparison.runs)
        studied = page == "ablation" and self.studies.ablation.recorded is not None
        state = WindowState(
            running=self.busy,
            ready=self.views.job.ready,
            run=run is not None,
            ended=compared or studied or (run is not None and not run.active),
            recorded=bool(self.shown.reported),
            plot=self.shown.plot_widget is not None,
            can_undo=stack.canUndo(),
            can_redo=stack.canRedo(),
            page=page,
        )
        self.window.actions_by_id.update_state(state)

    def _may_close(self) -> bool:
        if self.busy and not self.dialogs.stop_running():
            return False
        self.runs.stop()
        self.studies.close()
        return True

    @Slot()
    def _end(self) -> None:
        """The window has closed: remember, stop what ticks, wait for what works."""
        self.settings.geometry, self.settings.layout = self.window.layout_text()
        self.settings.job = self.models.job.config.to_toml()
        try:
            self.settings.save()
        except OutputError as error:
            print(f"slora-gui: {error.what}", file=sys.stderr)
        if self._run is not None:
            self._run.stop_following()
        self.compare_desk.close()
        self.refresher.stop()
        self.watch.stop()
        self.models.what_if.close()
        self.background.close()
        self.hook.remove()
        self.appearance.end()
