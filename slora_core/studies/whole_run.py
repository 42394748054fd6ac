"""One whole run in a fresh process, reduced to the figures that a study compares. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import InputError, RunCancelled
from slora_core.events import (
    Event,
    Notice,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
)

OUTSIDE: Final = ("prepare", "train", "warm-up")
"""Stages that make the data or load libraries: no part of the compensation whose time and memory are studied."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage: its seconds, its peaks by counter, and what the plan said of it (None: not planned)."""

    seconds: float
    allocated_bytes: int | None
    reserved_bytes: int | None
    predicted_s: float | None = None
    choice: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run over its stages but those of ``OUTSIDE``: seconds add up, peaks are the largest.

    ``accuracies[variant][classifier]`` are those of the last task; ``idle`` are the messages of "no-effect" notices.
    A run that was refused or failed has ``failure`` and no figures.
    """

    seconds: float | None = None
    peak_allocated_bytes: int | None = None
    peak_reserved_bytes: int | None = None
    peak_rss_bytes: int | None = None
    stages: Mapping[str, StageFigures] = field(default_factory=dict)
    accuracies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunFigures:
        """Inverse of :meth:`to_dict`. Raises TypeError for other data."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        stages = {name: StageFigures(**stage) for name, stage in data.get("stages", {}).items()}
        return cls(**{**known, "stages": stages, "idle": tuple(data.get("idle", ()))})


def run_whole(
    config: RunConfig,
    cancel: CancelToken,
    *,
    engine: str | None = None,
    on_fraction: Callable[[float], None] = lambda _: None,
) -> tuple[RunFigures, dict[str, Any]]:
    """Run ``config`` isolated; returns its figures and its environment.

    A budget that is refused and an engine that fails are figures too. Raises InputError for a run that no repetition
    would mend, RunCancelled.
    """
    finished: list[StageFinished] = []
    plan: dict[str, Mapping[str, Any]] = {}
    environment: dict[str, Any] = {}
    idle: list[str] = []
    final: Event | None = None
    for event in isolate.stream(config.merged({"run": {"sample_hz": 0}}), cancel, engine=engine):
        match event:
            case RunStarted():
                environment = dict(event.environment)
                plan = {stage["stage"]: stage for stage in (event.plan or {}).get("stages", ())}
            case StageFinished():
                finished.append(event)
            case Progress(fraction=float(fraction)):
                on_fraction(fraction)
            case Notice(kind="no-effect"):
                idle.append(event.message)
        final = event
    match final:
        case RunFinished():
            return _reduced(finished, plan, final, tuple(idle)), environment
        case RunFailed(exit_code=2, what=what, remedy=remedy):
            raise InputError(what, remedy)
        case RunFailed(what=what):
            return RunFigures(failure=what), environment
        case RunCancelledEvent():
            raise RunCancelled
    return RunFigures(failure="the run ended without a result"), environment


def _reduced(
    finished: list[StageFinished], plan: Mapping[str, Mapping[str, Any]], final: RunFinished, idle: tuple[str, ...]
) -> RunFigures:
    parents = {event.stage.rpartition(".")[0] for event in finished}
    own = [e for e in finished if e.stage not in parents and e.stage.split(".")[-1] not in OUTSIDE]
    stages = {
        event.stage: StageFigures(
            event.seconds,
            event.peaks.allocated_bytes,
            event.peaks.reserved_bytes,
            plan.get(event.stage, {}).get("seconds"),
            plan.get(event.stage, {}).get("choice"),
        )
        for event in own
    }
    return RunFigures(
        seconds=sum(event.seconds for event in own),
        peak_allocated_bytes=_largest(event.peaks.allocated_bytes for event in own),
        peak_reserved_bytes=_largest(event.peaks.reserved_bytes for event in own),
        peak_rss_bytes=_largest(event.peaks.rss_bytes for event in own),
        stages=stages,
        accuracies=final.accuracies,
        idle=idle,
    )


def _largest(values: Any) -> int | None:
    return max((value for value in values if value is not None), default=None)
