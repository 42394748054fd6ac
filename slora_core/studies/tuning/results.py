"""A tuning as its file tells it: trials, frontier and outcome, for tables and for the window. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slora_core.errors import InputError
from slora_core.studies.study_file import StudyRecord, read_study


@dataclass(frozen=True, slots=True)
class StageTrial:
    """One option of one stage, ``choice`` in words, and its own peak.

    ``seconds`` are measured, of the whole stage; ``modelled_s`` is what the built-in rates say. ``whole``: all of the
    stage was run; else its time is drawn out from a part. A trial that failed has no seconds.
    """

    stage: str
    choice: str
    seconds: float | None
    modelled_s: float | None
    peak_bytes: int | None
    whole: bool
    failure: str


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """Predicted peak and seconds of a whole run; ``budget_bytes`` is the budget under which the plan is this one."""

    peak_bytes: int
    seconds: float
    budget_bytes: int


@dataclass(frozen=True, slots=True)
class TuningResult:
    """``chosen`` is the point of the job's own budget. ``outcome`` is empty while the study is unfinished."""

    record: StudyRecord
    trials: tuple[StageTrial, ...]
    frontier: tuple[FrontierPoint, ...]
    chosen: FrontierPoint | None
    outcome: Mapping[str, Any]


def read_tuning_study(path: str | Path) -> TuningResult:
    """Raises InputError for a file that is not a tuning."""
    record = read_study(path)
    if record.study != "tuning":
        raise InputError(f"{str(path)!r} is a study of {record.study}; expected a tuning")
    try:
        return tuning_result(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{str(path)!r} is not a readable tuning: {error!r}") from None


def tuning_result(record: StudyRecord) -> TuningResult:
    """Raises KeyError, TypeError, ValueError and AttributeError for records of another shape."""
    outcome = record.finished or {}
    points = tuple(FrontierPoint(**point) for point in outcome.get("frontier", ()))
    chosen = outcome.get("chosen")
    return TuningResult(
        record,
        stage_trials(record.of_kind("trial")),
        points,
        None if chosen is None else FrontierPoint(chosen["peak_bytes"], chosen["seconds"], chosen["budget_bytes"]),
        outcome,
    )


def stage_trials(lines: Iterable[Mapping[str, Any]]) -> tuple[StageTrial, ...]:
    """The trials that the figures of TrialFinished, or the lines of a study's file, tell of."""
    return tuple(_trial(line) for line in best_of(lines))


def best_of(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One line a trial: of those that were timed again the fastest, of those that only failed the last."""
    best: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        before = best.get(line["key"])
        if before is None or (line["seconds"] or float("inf")) <= (before["seconds"] or float("inf")):
            best[line["key"]] = line
    return list(best.values())


def _trial(line: Mapping[str, Any]) -> StageTrial:
    return StageTrial(
        str(line.get("stage", line["key"])),
        _choice(line.get("choice", "{}")),
        line["seconds"],
        line.get("modelled_s"),
        line.get("peak_bytes"),
        bool(line.get("whole")),
        str(line["failure"]),
    )


def _choice(key: str) -> str:
    """``chunk 512, form rows, resident``: the fields of a choice, and the switches that are on."""
    fields = json.loads(key)
    words = [f"{name.replace('_', ' ')} {value}" for name, value in fields.items() if not isinstance(value, bool)]
    return ", ".join(words + [name for name, value in fields.items() if value is True])
