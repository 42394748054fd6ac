"""The comparison: runs put side by side, and both engines run one after the other to that end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.errors import InputError
from slora_core.records.deviation import Deviation
from slora_gui.control.background import Background
from slora_gui.control.batches import EnginePair
from slora_gui.control.dialogs import Dialogs
from slora_gui.control.outcomes import with_results
from slora_gui.control.run_control import RunControl
from slora_gui.model.run_model import RunModel
from slora_gui.shell.message_bar import Message

if TYPE_CHECKING:
    from slora_gui.composition import Models, Views
    from slora_gui.main_window import MainWindow


class CompareDesk(QObject):
    """``failed`` carries the exception of what could not be compared."""

    failed = Signal(object)

    def __init__(
        self,
        models: Models,
        views: Views,
        dialogs: Dialogs,
        window: MainWindow,
        *,
        runs: RunControl,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._models, self._views, self._dialogs, self._window = models, views, dialogs, window
        self._runs, self._background = runs, background
        self._pair: EnginePair | None = None
        page = views.compare
        page.add_requested.connect(self._add)
        page.open_file_requested.connect(self.add_file)
        page.remove_requested.connect(models.comparison.remove)
        page.base_requested.connect(models.comparison.set_base)
        views.history.compare_requested.connect(self.compare_files)
        runs.all_ended.connect(self._all_ended)

    def run_both(self) -> None:
        """The baseline, then the optimised engine, then the comparison. Raises RuntimeError while a run goes on."""
        self._window.messages.dismiss()
        self._pair = EnginePair(self._models.job.config)
        self._runs.start(self._pair.jobs)

    @Slot(str)
    def add_file(self, path: str | Path) -> None:
        try:
            self._models.comparison.add(path)
        except InputError as error:
            self.failed.emit(error)

    @Slot(object)
    def compare_files(self, paths: Sequence[Path]) -> None:
        """Put these runs on the page instead of those there; the first is the base."""
        self._models.comparison.clear()
        for path in paths:
            self.add_file(path)
        self._window.show_page("compare")

    def close(self) -> None:
        if self._pair is not None:
            self._pair.close()
            self._pair = None

    @Slot()
    def _add(self) -> None:
        if path := self._dialogs.open_file(self.tr("Add a run"), self.tr("Runs (*.slora)")):
            self.add_file(path)

    @Slot(object)
    def _all_ended(self, models: Sequence[RunModel]) -> None:
        pair, self._pair = self._pair, None
        if pair is None:
            return
        if [model.status for model in models] != ["finished", "finished"]:
            pair.close()
            return
        self._models.comparison.clear()
        for model in models:
            self._models.comparison.add(model)
        self._window.show_page("compare")
        self._background.start(partial(_deviations, pair), self._show_deviations, self.failed.emit)

    def _show_deviations(self, deviations: Sequence[Deviation]) -> None:
        self._views.results.show_deviations(deviations, "")
        largest = max((max(found.mean, found.covariance) for found in deviations), default=0.0)
        text = self.tr("Both engines have run; their moved statistics differ by {deviation} at most.")
        message = Message(text.format(deviation=f"{largest:.1e}"), "good")
        self._window.messages.tell(with_results(message, self._window))


def _deviations(pair: EnginePair) -> Any:
    try:
        return pair.deviations()
    finally:
        pair.close()
