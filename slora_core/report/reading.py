"""Reads what a report needs of each run, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from slora_core.errors import InputError
from slora_core.events import Event, Notice, RunFinished, StagePeaks
from slora_core.records.compare import run_labels
from slora_core.records.deviation import Deviation, deviations
from slora_core.records.header import RunHeader
from slora_core.records.run_file import Accuracy, RunFile, Samples, StageRecord

_CLOCK_SLACK: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class ReadRun:
    """One run, read. ``accuracies`` are those after the last task; ``label`` is its name in the report."""

    label: str
    header: RunHeader
    peaks: StagePeaks
    stages: tuple[StageRecord, ...]
    samples: Samples
    accuracies: tuple[Accuracy, ...]
    notices: tuple[Notice, ...]
    environment: Mapping[str, Any]
    plan: Mapping[str, Any] | None
    config: Mapping[str, Any]
    result: Event | None

    @property
    def end_s(self) -> float:
        """When the run's last stage or sample ended."""
        known = [stage.started_s + (stage.seconds or 0.0) for stage in self.stages]
        if len(self.samples):
            known.append(float(np.nanmax(self.samples.t_s)))
        return max(known, default=0.0)

    @property
    def accuracy_of(self) -> dict[tuple[str, str], float]:
        return {(row.variant, row.classifier): row.accuracy for row in self.accuracies}


def read_runs(runs: Sequence[RunFile]) -> tuple[ReadRun, ...]:
    return tuple(_read(label, run) for label, run in zip(run_labels(runs), runs, strict=True))


def moved_deviations(base: ReadRun, other: ReadRun) -> tuple[Deviation, ...]:
    """How far the moved states of two runs are apart; () where one was not kept, or has been overwritten since."""
    states = [_state_of(base), _state_of(other)]
    if states[0] is None or states[1] is None or states[0] == states[1]:  # of one file, one run's state is gone
        return ()
    try:
        return deviations(states[0], states[1])
    except InputError:  # other classes, or another file in its place: not the same thing twice
        return ()


def _read(label: str, run: RunFile) -> ReadRun:
    accuracies = run.accuracies()
    last = max((row.task for row in accuracies), default=0)
    return ReadRun(
        label,
        run.header,
        run.peaks,
        tuple(run.stages()),
        run.samples(),
        tuple(row for row in accuracies if row.task == last),
        tuple(run.notices()),
        run.environment,
        run.plan,
        run.config,
        run.result,
    )


def _state_of(run: ReadRun) -> Path | None:
    """The state that the run wrote, if it is there and as old as the run."""
    if not isinstance(run.result, RunFinished) or "state" not in run.result.outputs:
        return None
    path = Path(run.result.outputs["state"])
    try:
        started = datetime.fromisoformat(run.header.started_at)
        written = datetime.fromtimestamp(path.stat().st_mtime, started.tzinfo)
    except (OSError, ValueError):
        return None
    ended = started + timedelta(seconds=run.result.t_s) + _CLOCK_SLACK
    return path if started - _CLOCK_SLACK <= written <= ended else None
