"""The plan of the job as a table: every stage with its choice, its prediction and its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model import tables
from slora_gui.model.texts import policy_text
from slora_gui.views.data_table import DataTable
from slora_gui.views.layout import MARGIN, as_sentence, column, wrapping_label

if TYPE_CHECKING:
    from slora_gui.model.what_if import Forecast, WhatIf


class PlanTable(Retranslating, QWidget):
    """Follows the what-if; a plan that does not fit is shown too, with what is too big."""

    def __init__(self, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forecast: Forecast | None = None
        self.line = wrapping_label("muted")
        self.table = DataTable()
        self._model = tables.PlanTable(self)
        self.table.show_model(self._model)
        layout = column(self, margin=MARGIN)
        layout.addWidget(self.line)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        what_if.ready.connect(self.show_forecast)
        self.retranslate()

    def show_forecast(self, forecast: Forecast) -> None:
        self._forecast = forecast
        self._model.show_forecast(forecast)
        self._show()

    def retranslate(self) -> None:
        self.table.setAccessibleName(self.tr("Plan of the job"))
        self._model.retranslate()
        self._show()

    def _show(self) -> None:
        forecast = self._forecast
        plan = forecast.plan if forecast is not None else None
        self.table.setVisible(plan is not None)
        if forecast is None or plan is None:
            problem = as_sentence(forecast.problem) if forecast is not None else ""
            self.line.setText(problem or self.tr("Choose a source to see the plan of its run."))
            return
        text = self.tr("Policy {policy}, budget {budget}: at most {bound}, about {time}.")
        budget = self.tr("unlimited") if plan.budget_bytes is None else format_size(plan.budget_bytes)
        self.line.setText(
            text.format(
                policy=policy_text(plan.policy),
                budget=budget,
                bound=format_size(plan.bound_bytes),
                time=format_seconds(plan.seconds),
            )
        )
