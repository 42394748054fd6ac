"""The plan of the job as a table: every stage with its choice, its prediction and its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from slora_core.memory.planner import PlanRow
from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.plots.table import TableData
from slora_gui.views.cells import Percent, Seconds, Size
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.layout import MARGIN, as_sentence, column, wrapping_label
from slora_gui.views.stage_bars import verdict_of

if TYPE_CHECKING:
    from slora_gui.model.what_if import Forecast, WhatIf


class PlanTable(Retranslating, QWidget):
    """Follows the what-if; a plan that does not fit is shown too, with what is too big."""

    def __init__(self, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forecast: Forecast | None = None
        self.line = wrapping_label("muted")
        self.table = DataTable()
        self._model = TableDataModel(parent=self)
        self.table.show_model(self._model)
        layout = column(self, margin=MARGIN)
        layout.addWidget(self.line)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        what_if.ready.connect(self.show_forecast)
        self.retranslate()

    def show_forecast(self, forecast: Forecast) -> None:
        self._forecast = forecast
        self.retranslate()

    def retranslate(self) -> None:
        self.table.setAccessibleName(self.tr("Plan of the job"))
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
                policy=plan.policy,
                budget=budget,
                bound=format_size(plan.bound_bytes),
                time=format_seconds(plan.seconds),
            )
        )
        self._model.set_data(self._table(forecast.rows))

    def _table(self, rows: list[PlanRow]) -> TableData:
        headings = (
            self.tr("stage"),
            self.tr("predicted peak"),
            self.tr("at most"),
            self.tr("share of budget"),
            self.tr("smallest budget"),
            self.tr("time"),
            self.tr("verdict"),
            self.tr("choice"),
        )
        verdicts = {"fits": self.tr("✓ fits"), "binds": self.tr("▲ binds"), "infeasible": self.tr("✕ too big")}
        cells = [
            (
                row.stage,
                Size(row.predicted_peak_bytes),
                Size(row.bound_bytes),
                None if row.share is None else Percent(row.share),
                Size(row.smallest_bytes),
                Seconds(row.seconds),
                verdicts[verdict_of(row)],
                row.choice,
            )
            for row in rows
        ]
        return TableData(self.tr("Plan"), headings, (False, *(True,) * 5, False, False), cells)
