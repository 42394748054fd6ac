"""Stand-ins for models, with the same interface and real configurations and plans behind them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError
from slora_core.memory.plan import Plan
from slora_core.memory.planner import PlanRow, planned_table, refuse_if_infeasible
from slora_core.running.planning import plan_config


class FakeJob(QObject):
    changed = Signal(str)
    refused = Signal(str)

    def __init__(self, changes=None):
        super().__init__()
        self.config = RunConfig().merged(changes or {})
        self.asked = []

    def change(self, changes, text, merge_key=""):
        self.asked.append((changes, text, merge_key))
        try:
            self.config = self.config.merged(changes)
        except ConfigError as error:
            self.refused.emit(error.what)
            return False
        self.changed.emit("" if len(changes) > 1 else next(iter(changes)))
        return True


@dataclass(frozen=True)
class FakeForecast:
    generation: int
    config: RunConfig
    plan: Plan | None
    rows: list[PlanRow]
    problem: str
    budget_bytes: int | None
    smallest_bytes: int | None


class FakeWhatIf(QObject):
    ready = Signal(object)


def forecast_of(config):
    try:
        plan = plan_config(config).plan
    except InputError as error:
        return FakeForecast(0, config, None, [], error.what, config.memory.budget, None)
    try:
        refuse_if_infeasible(plan)
        problem = ""
    except Exception as refusal:
        problem = refusal.what
    return FakeForecast(
        0, config, plan, planned_table(plan), problem, config.memory.budget, plan.smallest_feasible_bytes
    )
