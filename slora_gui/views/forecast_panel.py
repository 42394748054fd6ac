"""What the job will need: the verdict in a sentence, the figures, and the stages against the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.stage_texts import stage_text
from slora_gui.theme import Theme, icon
from slora_gui.views.figures import Figures
from slora_gui.views.layout import GRID, MARGIN, as_sentence, column, set_role, unbroken, wrapping_label
from slora_gui.views.stage_bars import StageBars

if TYPE_CHECKING:
    from slora_gui.model.what_if import Forecast, WhatIf


_LEAST_WIDTH: Final = 296
"""Pixels, in which the stages of the demo can be read beside their bars."""


class ForecastPanel(Retranslating, QWidget):
    """Follows the what-if; computes nothing itself."""

    budget_requested = Signal(object)
    """Bytes: the smallest feasible budget, by its button."""
    plan_requested = Signal()
    """The plan as a table."""

    def __init__(self, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forecast: Forecast | None = None
        self.headline = wrapping_label()
        self.set_button = QPushButton()
        self.set_button.clicked.connect(self._request_smallest)
        self.set_button.hide()
        self.plan_button = QPushButton()
        self.plan_button.setIcon(icon("table"))
        self.plan_button.clicked.connect(self.plan_requested)
        self.figures = Figures(("peak", "bound", "time", "binding", "smallest", "baseline"), columns=2)
        self.bars = StageBars()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        inner = column(holder)
        inner.setContentsMargins(0, 0, GRID, 0)  # between the marks and the scroll bar
        inner.addWidget(self.bars)
        inner.addStretch(1)
        self.area.setWidget(holder)
        layout = column(self, margin=MARGIN)
        layout.addWidget(self.headline)
        layout.addWidget(self.set_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.figures)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.plan_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(_LEAST_WIDTH)
        what_if.ready.connect(self.show_forecast)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        self.bars.set_theme(theme)

    def show_forecast(self, forecast: Forecast) -> None:
        self._forecast = forecast
        self.bars.set_rows(forecast.rows, forecast.budget_bytes)
        self._show()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Forecast"))
        self.plan_button.setText(self.tr("Plan as a table"))
        self.plan_button.setToolTip(self.tr("What the chunk policy chose for every stage"))
        self.figures.set_caption("peak", self.tr("Predicted peak"))
        self.figures.set_caption("bound", self.tr("At most"), self.tr("The run is certified to stay below this"))
        self.figures.set_caption("time", self.tr("Predicted time"))
        self.figures.set_caption("binding", self.tr("Binding stage"), self.tr("It sets the smallest feasible budget"))
        self.figures.set_caption("smallest", self.tr("Smallest budget"))
        self.figures.set_caption("baseline", self.tr("Original peak"), self.tr("Predicted for the seed implementation"))
        self._show()

    def _show(self) -> None:
        forecast = self._forecast
        plan = forecast.plan if forecast is not None else None
        self.figures.setVisible(plan is not None)
        self.bars.setVisible(plan is not None)
        self.plan_button.setVisible(plan is not None)
        self.set_button.hide()
        if forecast is not None and forecast.config.run.engine == "baseline" and not forecast.problem:
            text = self.tr("The baseline makes no plan and knows no budget. Predicted peak: {size}.")
            self.headline.setText(text.format(size=format_size(forecast.baseline_peak_bytes)))
            set_role(self.headline, "muted")
            return
        if forecast is None or plan is None:
            text = forecast.problem if forecast is not None else ""
            self.headline.setText(as_sentence(text) or self.tr("Choose a source to see what its run will need."))
            set_role(self.headline, "muted")
            return
        budget = "" if plan.budget_bytes is None else format_size(plan.budget_bytes)
        if plan.budget_bytes is None:
            text, role = self.tr("No budget: the fastest plans may take what they need."), "muted"
        elif plan.feasible:
            text, role = self.tr("✓ Fits within {budget}.").format(budget=budget), "good"
        else:
            text = self.tr("× {budget} is too small: {stage} needs at least {smallest}.")
            smallest = format_size(plan.smallest_feasible_bytes)
            text, role = text.format(budget=budget, stage=stage_text(plan.binding_stage), smallest=smallest), "danger"
            self.set_button.setText(self.tr("Set {size}").format(size=smallest))
            self.set_button.show()
        self.headline.setText(unbroken(text))
        set_role(self.headline, role)
        self.figures.set_value("peak", format_size(plan.predicted_peak_bytes))
        self.figures.set_value("bound", format_size(plan.bound_bytes))
        self.figures.set_value("time", format_seconds(plan.seconds))
        self.figures.set_value("binding", stage_text(plan.binding_stage))
        self.figures.set_value("smallest", format_size(plan.smallest_feasible_bytes))
        self.figures.set_value("baseline", format_size(forecast.baseline_peak_bytes))

    def _request_smallest(self) -> None:
        if self._forecast is not None and self._forecast.plan is not None:
            self.budget_requested.emit(self._forecast.plan.smallest_feasible_bytes)
