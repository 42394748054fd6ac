"""The job: everything that defines a run, top to bottom in the order in which one decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QPushButton, QScrollArea, QSizePolicy, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.budget_control import BudgetControl
from slora_gui.views.device_picker import DevicePicker
from slora_gui.views.disclosure import Disclosure
from slora_gui.views.file_field import dropped_paths
from slora_gui.views.layout import GRID, MARGIN, as_sentence, column, heading, wrapping_label
from slora_gui.views.measures_form import MeasuresForm
from slora_gui.views.operators_form import OperatorsForm, SettingsGroup
from slora_gui.views.policy_form import PolicyForm
from slora_gui.views.run_options import RunOptions
from slora_gui.views.source_form import SourceForm

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel
    from slora_gui.model.what_if import Forecast, WhatIf

_LEAST_WIDTH: Final = 264
"""Pixels."""


class JobPanel(Retranslating, QWidget):
    """Forms over the job, and the two buttons that start it, always in sight below."""

    run_requested = Signal()
    compare_requested = Signal()
    """The baseline and the optimised engine, one after the other."""
    open_files_requested = Signal(list)
    """Paths that were dropped on the panel: of a source, a configuration or runs."""
    ready_changed = Signal()
    browse_requested = Signal(str)
    """The source field ("features", "state", "images", ...) or "output" whose path is to be looked for."""

    def __init__(self, job: JobModel, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._running, self._ready = False, True
        self.source = SourceForm(job)
        self.operators = OperatorsForm(job)
        self.device = DevicePicker(job)
        self.processes = SettingsGroup(job, ("distributed",), ("processes",))
        self.budget = BudgetControl(job)
        self.policy = PolicyForm(job)
        self.measures = MeasuresForm(job)
        self.options = RunOptions(job)
        self.classifiers = SettingsGroup(job, ("classifiers",), ("lda_alpha", "rank"))
        self._headings = {name: heading() for name in ("source", "operators", "device", "memory", "policy")}
        self._folds = {
            "measures": Disclosure(self.measures, indent=False),
            "classifiers": Disclosure(self.classifiers),
            "options": Disclosure(self.options),
        }
        self.run_button = QPushButton()
        self.run_button.setProperty("primary", "true")
        self.run_button.clicked.connect(self.run_requested)
        self.compare_button = QPushButton()
        self.compare_button.clicked.connect(self.compare_requested)
        self._problem = wrapping_label("danger")
        self._problem.hide()
        self._arrange()
        self.source.browse_requested.connect(self.browse_requested)
        self.options.browse_requested.connect(self._browse_output)
        what_if.ready.connect(self.show_forecast)
        self.retranslate()

    def show_forecast(self, forecast: Forecast) -> None:
        """Whether the job can run as it stands, and if not why."""
        self.budget.set_forecast(forecast)
        self._problem.setText(as_sentence(forecast.problem))
        self._problem.setVisible(bool(forecast.problem))
        before = self._ready
        self._ready = not forecast.problem and (forecast.plan is None or forecast.plan.feasible)
        self._show_buttons()
        if self._ready != before:
            self.ready_changed.emit()

    @property
    def ready(self) -> bool:
        """Whether the job can run as it stands, as far as its forecast tells."""
        return self._ready

    def set_running(self, running: bool) -> None:
        """One run at a time: while it goes the next is prepared but not started."""
        self._running = running
        self._show_buttons()

    def set_device_total(self, total_bytes: int | None) -> None:
        self.budget.set_device_total(total_bytes)

    def set_cards(self, names: Sequence[str]) -> None:
        self.device.set_cards(names)

    def set_tuned(self, tuned: bool) -> None:
        """Whether short trials have measured the job's device."""
        self.policy.set_tuned(tuned)

    def set_measured_savings(self, savings: Mapping[str, float]) -> None:
        self.measures.set_measured(savings)

    def retranslate(self) -> None:
        titles = {
            "source": self.tr("Source"),
            "operators": self.tr("Operators"),
            "device": self.tr("Device"),
            "memory": self.tr("Memory budget"),
            "policy": self.tr("Chunk policy"),
        }
        for name, title in titles.items():
            self._headings[name].setText(title)
        self._folds["measures"].set_text(
            self.tr("Memory measures"), self.tr("Nine switches; all results stay the same")
        )
        self._folds["classifiers"].set_text(self.tr("Classifiers"), self.tr("Rebuilt from the moved statistics"))
        self._folds["options"].set_text(self.tr("Run and output"), self.tr("Seed, threads, sampling, output file"))
        self.run_button.setText(self.tr("Run"))
        self.compare_button.setText(self.tr("Run baseline and optimised"))
        self.compare_button.setToolTip(self.tr("Runs the original and the optimised engine and compares them"))
        self._show_buttons()

    def _sections(self) -> dict[str, QWidget]:
        return {
            "source": self.source,
            "operators": self.operators,
            "memory": self.budget,
            "policy": self.policy,
            "device": self.device,
        }

    def _arrange(self) -> None:
        content = QWidget()
        inner = column(content, margin=MARGIN)
        for name, widget in self._sections().items():
            inner.addWidget(self._headings[name])
            inner.addWidget(widget)
            if name == "device":
                inner.addWidget(self.processes)
            inner.addSpacing(GRID)
        for fold in self._folds.values():
            inner.addWidget(fold)
        inner.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        footer = column(margin=MARGIN)
        footer.addWidget(self._problem)
        footer.addWidget(self.run_button)
        footer.addWidget(self.compare_button)
        outer = column(self, spacing=0)
        outer.addWidget(self.area, 1)
        outer.addLayout(footer)
        self.run_button.setIcon(icon("run", "accent_text"))
        self.compare_button.setIcon(icon("compare"))
        self.setMinimumWidth(_LEAST_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _show_buttons(self) -> None:
        allowed = self._ready and not self._running
        self.run_button.setEnabled(allowed)
        self.compare_button.setEnabled(allowed)
        busy = self.tr("A run is under way")
        blocked = self.tr("This job cannot run as it stands: see above and the forecast")
        start = self.tr("Runs this job in a process of its own and records it")
        self.run_button.setToolTip(busy if self._running else start if self._ready else blocked)

    def _browse_output(self) -> None:
        self.browse_requested.emit("output")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_files_requested.emit(dropped_paths(event.mimeData()))
