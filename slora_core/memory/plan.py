"""The plan of a run: what each stage will choose, take and need. Torch-free, JSON-ready."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from slora_core.memory.footprint import Footprint


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run a stage: a choice, the buffers it takes and the seconds it should need.

    The choice is a frozen dataclass of numbers and names; none changes a result.
    ``measured``: the seconds come from this machine and not from a model alone.
    """

    choice: Any
    footprint: Footprint
    seconds: float
    measured: bool = False


@dataclass(frozen=True, slots=True)
class StageRequest:
    """A stage as the planner sees it: its name and every option open to it, in any order.

    ``fixed_bytes`` is taken whatever the option. Stages run one after another; the ``kept`` buffers of a stage whose
    ``keeps_for`` is n stay live during the n stages that follow.
    """

    stage: str
    options: tuple[Option, ...]
    keeps_for: int = 0


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The chosen option of a stage. ``bound_bytes`` >= ``predicted_peak_bytes``; both count everything live then.

    ``smallest_bytes`` is the smallest budget in which this stage could run at all.
    """

    stage: str
    choice: Any
    predicted_peak_bytes: int
    bound_bytes: int
    smallest_bytes: int
    seconds: float
    breakdown: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Predictions for a whole run under ``budget_bytes`` (None: unlimited)."""

    budget_bytes: int | None
    policy: str
    stages: tuple[StagePlan, ...]
    feasible: bool
    binding_stage: str
    smallest_feasible_bytes: int
    predicted_peak_bytes: int
    bound_bytes: int
    seconds: float

    def stage(self, name: str) -> StagePlan:
        for stage in self.stages:
            if stage.stage == name:
                return stage
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
