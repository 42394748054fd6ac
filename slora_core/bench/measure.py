"""One run in a fresh process, reduced to the figures that a benchmark compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_core.events import RunFailed, RunFinished, RunStarted, StageFinished

OUTSIDE: Final = ("prepare", "train", "extract", "warm-up")
"""Stages that make the data or load libraries: not part of the compensation whose time and memory are compared."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RunMeasure:
    """Compensation of one run: its seconds, its largest peaks, and each stage's (seconds, peak allocated bytes).

    Of several ranks the slowest and the largest count; ``communicated`` are the bytes of all together, by stage.
    """

    engine: str
    budget_bytes: int | None
    seconds: float
    peak_allocated_bytes: int
    peak_reserved_bytes: int | None
    peak_rss_bytes: int | None
    stages: dict[str, tuple[float, int]]
    state: Path
    communicated: dict[str, int] = field(default_factory=dict)
    environment: dict[str, object] = field(default_factory=dict)


def measure(config: RunConfig, state: Path) -> RunMeasure:
    """Run ``config`` isolated, leaving its moved classes in ``state``. Raises SloraError when the run fails."""
    config = config.merged({"output": {"state": str(state)}})
    finished: list[StageFinished] = []
    environment: dict[str, object] = {}
    for event in isolate.stream(config):
        match event:
            case RunStarted():
                environment = dict(event.environment)
            case StageFinished():
                finished.append(event)
            case RunFailed():
                raise SloraError(f"the benchmark's {config.run.engine} run failed: {event.what}\n{event.details}")
            case RunFinished():
                return _reduce(config, finished, state, environment)
    raise SloraError("the benchmark's run was cancelled")


def _reduce(
    config: RunConfig, finished: list[StageFinished], state: Path, environment: dict[str, object]
) -> RunMeasure:
    own = [event for event in finished if event.stage.split(".")[-1] not in OUTSIDE]
    top = [event for event in own if "." not in event.stage]
    stages: dict[str, tuple[float, int]] = {}
    communicated: dict[str, int] = {}
    spent: dict[int, float] = {}
    for event in own:
        seconds, peak = stages.get(event.stage, (0.0, 0))
        stages[event.stage] = max(seconds, event.seconds), max(peak, event.peaks.allocated_bytes or 0)
        if event.communicated_bytes is not None:
            communicated[event.stage] = communicated.get(event.stage, 0) + event.communicated_bytes
    for event in top:
        spent[event.rank] = spent.get(event.rank, 0.0) + event.seconds
    reserved = [event.peaks.reserved_bytes for event in top if event.peaks.reserved_bytes is not None]
    rss = [event.peaks.rss_bytes for event in top if event.peaks.rss_bytes is not None]
    return RunMeasure(
        engine=config.run.engine,
        budget_bytes=config.memory.budget,
        seconds=max(spent.values(), default=0.0),
        peak_allocated_bytes=max(event.peaks.allocated_bytes or 0 for event in top),
        peak_reserved_bytes=max(reserved, default=None),
        peak_rss_bytes=max(rss, default=None),
        stages=stages,
        state=state,
        communicated=communicated,
        environment=environment,
    )
