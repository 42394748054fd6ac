"""Results of the run on show, held against a class state that a person chooses."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from slora_core.records.deviation import deviations
from slora_gui.control.background import Background
from slora_gui.control.dialogs import Dialogs
from slora_gui.model.run_model import RunModel
from slora_gui.views.results_view import ResultsView


class ResultsDesk(QObject):
    """``failed`` carries the exception of states that cannot be compared."""

    failed = Signal(object)

    def __init__(self, view: ResultsView, dialogs: Dialogs, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._dialogs, self._background = view, dialogs, background
        view.deviation_requested.connect(self._compare)

    @Slot()
    def _compare(self) -> None:
        run = self._view.run
        state = None if run is None or run.result is None else run.result.outputs.get("state")
        if run is None or state is None:
            return
        base = self._dialogs.open_file(
            self.tr("Compare with a class state"), self.tr("Class state (*.safetensors);;All files (*)")
        )
        if base is not None:
            done = partial(self._show, run, base)
            self._background.start(partial(deviations, base, state), done, self.failed.emit)

    def _show(self, run: RunModel, base: Path, found: Any) -> None:
        if self._view.run is run:
            self._view.show_deviations(found, base.name)
