"""One whole run in a fresh process, reduced to the figures that studies and benchmarks compare. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from slora_core.types import largest_known

OUTSIDE: Final = ("prepare", "train", "warm-up")
"""Stages that make the data or load libraries: no part of the compensation whose time and memory are compared."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage: its seconds, its peaks by counter, and what the plan said of it (None: not planned).

    Of several ranks the slowest and the largest count; ``communicated_bytes`` are those of all together, None in a run
    of one process.
    """

    seconds: float
    allocated_bytes: int | None
    reserved_bytes: int | None
    predicted_s: float | None = None
    choice: Mapping[str, Any] | None = None
    communicated_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run without the stages of ``OUTSIDE`` and what they lie in: seconds of the slowest rank, largest peaks.

    ``stages`` are by path, those that consist of others among them. ``accuracies[variant][classifier]`` are those of
    the last task; ``idle`` are the messages of "no-effect" notices. A run that was refused or failed has ``failure``,
    with its traceback as ``details``, and no figures.
    """

    seconds: float | None = None
    peak_allocated_bytes: int | None = None
    peak_reserved_bytes: int | None = None
    peak_rss_bytes: int | None = None
    stages: Mapping[str, StageFigures] = field(default_factory=dict)
    accuracies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    failure: str = ""
    details: str = ""

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
    for event in isolate.stream(config, cancel, engine=engine):
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
        case RunFailed(exit_code=2):
            raise InputError(final.what, final.remedy, case=final.case, data=final.data)
        case RunFailed():
            return RunFigures(failure=final.what, details=final.details), environment
        case RunCancelledEvent():
            raise RunCancelled
    return RunFigures(failure="the run ended without a result"), environment


def _reduced(
    finished: Sequence[StageFinished], plan: Mapping[str, Mapping[str, Any]], final: RunFinished, idle: tuple[str, ...]
) -> RunFigures:
    own = _compared(finished)
    paths = {event.stage for event in own}
    outermost = [event for event in own if event.stage.rpartition(".")[0] not in paths]
    return RunFigures(
        seconds=_of_slowest_rank(outermost),
        peak_allocated_bytes=largest_known(event.peaks.allocated_bytes for event in outermost),
        peak_reserved_bytes=largest_known(event.peaks.reserved_bytes for event in outermost),
        peak_rss_bytes=largest_known(event.peaks.rss_bytes for event in outermost),
        stages={
            path: _stage([event for event in own if event.stage == path], plan.get(path, {}))
            for path in dict.fromkeys(event.stage for event in own)
        },
        accuracies=final.accuracies,
        idle=idle,
    )


def _compared(finished: Sequence[StageFinished]) -> list[StageFinished]:
    """The stages that are not of ``OUTSIDE`` and have none of these within them."""
    outside = [event.stage for event in finished if event.stage.rpartition(".")[2] in OUTSIDE]
    return [event for event in finished if not any(f"{path}.".startswith(f"{event.stage}.") for path in outside)]


def _stage(events: Sequence[StageFinished], planned: Mapping[str, Any]) -> StageFigures:
    """One stage of every rank, and of every attempt."""
    communicated = [event.communicated_bytes for event in events if event.communicated_bytes is not None]
    return StageFigures(
        _of_slowest_rank(events),
        largest_known(event.peaks.allocated_bytes for event in events),
        largest_known(event.peaks.reserved_bytes for event in events),
        planned.get("seconds"),
        planned.get("choice"),
        sum(communicated) if communicated else None,
    )


def _of_slowest_rank(events: Iterable[StageFinished]) -> float:
    spent: dict[int, float] = {}
    for event in events:
        spent[event.rank] = spent.get(event.rank, 0.0) + event.seconds
    return max(spent.values(), default=0.0)
