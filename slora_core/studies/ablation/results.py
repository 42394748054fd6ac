"""What an ablation comes to: each measure's effect, as data for tables and for the window. Torch-free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from slora_core.errors import InputError
from slora_core.studies.ablation.effects import Effect, Spread
from slora_core.studies.ablation.measures import ALL_OFF, ALL_ON, Step, steps
from slora_core.studies.ablation.verdict import verdict_of
from slora_core.studies.study_file import StudyRecord, read_study
from slora_core.studies.whole_run import RunFigures
from slora_core.types import largest_known


@dataclass(frozen=True, slots=True)
class Ablation:
    """Every effect, in the order of the views; and the machine that they were measured on."""

    effects: tuple[Effect, ...]
    environment: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def view(self, name: str) -> list[Effect]:
        return [effect for effect in self.effects if effect.view == name]


def read_ablation(path: str | Path) -> Ablation:
    """From a study's file, finished or not: effects whose runs are missing have no figures. Raises InputError."""
    return recorded_ablation(read_study(path))


def recorded_ablation(record: StudyRecord) -> Ablation:
    """As :func:`read_ablation`, of a file that has been read."""
    path = str(record.path)
    if record.study != "ablation":
        raise InputError(f"{path!r} is a study of {record.study}; expected an ablation")
    try:
        return ablation_of(record.lines)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path!r} is not a readable ablation: {error!r}") from None


def ablation_of(lines: Iterable[Mapping[str, Any]]) -> Ablation:
    """The effects of the trials among ``lines``; of a trial that was tried again the last attempt counts.

    Raises KeyError, TypeError and AttributeError for records of another shape.
    """
    environment: Mapping[str, Any] = {}
    trials: dict[tuple[str, int], Mapping[str, Any]] = {}
    for line in lines:
        if line["kind"] == "environment":
            environment = line["environment"]
        elif line["kind"] == "trial":
            trials[line["case"], line["repeat"]] = line
    runs: dict[str, list[RunFigures]] = {}
    deviations: dict[str, Mapping[str, float]] = {}
    for (case, _), line in trials.items():
        runs.setdefault(case, []).append(RunFigures.from_dict(line["figures"]))
        if "deviations" in line:
            deviations[case] = line["deviations"]
    return Ablation(tuple(_effect(step, runs, deviations) for step in steps()), environment)


def _effect(step: Step, runs: Mapping[str, Sequence[RunFigures]], found: Mapping[str, Mapping[str, float]]) -> Effect:
    measure = step.measure
    without, with_ = runs.get(step.case_without, ()), runs.get(step.case_with, ())
    failure = next((run.failure for run in (*with_, *without) if run.failure), "")
    if failure or not without or not with_:
        effect = Effect(step.view, measure.name, measure.priority, measure.expected, failure=failure)
        return replace(effect, verdict=verdict_of(effect))
    peaks = [_peak(without, "peak_allocated_bytes"), _peak(with_, "peak_allocated_bytes")]
    reserved = [_peak(without, "peak_reserved_bytes"), _peak(with_, "peak_reserved_bytes")]
    stage, stage_saving = _best_stage(without[0], with_[0])
    seconds = [Spread.of(run.seconds for run in group if run.seconds is not None) for group in (without, with_)]
    reference, judged = (ALL_ON, step.case_without) if step.view == "off alone" else (ALL_OFF, step.case_with)
    effect = Effect(
        view=step.view,
        measure=measure.name,
        priority=measure.priority,
        expected=measure.expected,
        peak_without_bytes=peaks[0],
        peak_with_bytes=peaks[1],
        reserved_without_bytes=reserved[0],
        reserved_with_bytes=reserved[1],
        saving=_saving(*peaks),
        saving_reserved=_saving(*reserved),
        best_stage=stage,
        best_stage_saving=stage_saving,
        seconds_without=seconds[0],
        seconds_with=seconds[1],
        time_change=_change(*seconds),
        idle=_idle(measure.name, (*without, *with_)),
        deviation=found.get(judged, {}).get(reference),
        accuracy_change=_accuracy_change(without[0], with_[0]),
        unchanged=_same_stages(without[0], with_[0]),
    )
    return replace(effect, verdict=verdict_of(effect))


def _idle(measure: str, runs: Iterable[RunFigures]) -> str:
    """Why the engine says that the switch changes nothing; "" when it does not say so."""
    return idle_measures(message for run in runs for message in run.idle).get(measure, "")


def idle_measures(messages: Iterable[str]) -> dict[str, str]:
    """Measures that the engine's notices say to be without effect in a run, and why."""
    return dict(re.findall(r"measures\.(\w+) \(([^)]*)\)", " ".join(messages)))


def _peak(runs: Sequence[RunFigures], name: str) -> int | None:
    """The largest of the repetitions: peaks are exact, and those of a pool may differ."""
    return largest_known(getattr(run, name) for run in runs)


def _saving(without: int | None, with_: int | None) -> float | None:
    return None if not without or with_ is None else 1 - with_ / without


def _change(without: Spread | None, with_: Spread | None) -> Spread | None:
    if without is None or with_ is None or without.least <= 0:
        return None
    return Spread(
        with_.least / without.most - 1,
        with_.median / without.median - 1,
        with_.most / without.least - 1,
        min(with_.runs, without.runs),
    )


def _best_stage(without: RunFigures, with_: RunFigures) -> tuple[str, float | None]:
    """The stage whose own peak the measure lowers most."""
    savings = {
        name: saving
        for name, stage in with_.stages.items()
        if name in without.stages
        and (saving := _saving(without.stages[name].allocated_bytes, stage.allocated_bytes)) is not None
    }
    best = max(savings, key=lambda name: savings[name], default="")
    return (best, savings[best]) if best and savings[best] > 0 else ("", None)


def _same_stages(without: RunFigures, with_: RunFigures) -> bool:
    """Whether every stage took the same memory and chose the same."""
    if without.stages.keys() != with_.stages.keys() or without.accuracies != with_.accuracies:
        return False
    return all(
        (stage.allocated_bytes, stage.choice) == (with_.stages[name].allocated_bytes, with_.stages[name].choice)
        for name, stage in without.stages.items()
    )


def _accuracy_change(without: RunFigures, with_: RunFigures) -> float | None:
    before = {(v, c): value for v, row in without.accuracies.items() for c, value in row.items()}
    after = {(v, c): value for v, row in with_.accuracies.items() for c, value in row.items()}
    common = before.keys() & after.keys()
    return sum(after[key] - before[key] for key in common) / len(common) if common else None
