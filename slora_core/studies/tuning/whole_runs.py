"""Planned against tuned in whole runs, and what these teach: no tuned plan is kept that was measured slower."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean, median
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_core.events import Progress, TrialFinished
from slora_core.running.measured import choice_key, plain_stage
from slora_core.sources.workloads import workloads_of
from slora_core.streams.streaming import Emit
from slora_core.studies.study_file import StudyWriter
from slora_core.studies.tuning.analysis import Tuned, derive
from slora_core.studies.tuning.rates import Observation, job_of, merged, modelled_seconds
from slora_core.studies.whole_run import RunFigures, StageFigures, run_whole
from slora_core.types import Workload

_UNTUNED_RUN: Final = "slora_core.studies.tuning.trial_engine:execute_untuned"
NOISE: Final = 0.05
"""Least relative difference of two medians that is told from noise."""

BEHIND: Final = 1.04
"""More than the planner's ``MEASURED_NEARLY``, so that it does not take an option for being leaner either."""

Policy: TypeAlias = Literal["planned", "tuned"]
Winner: TypeAlias = Literal["tuned", "planned", "same plan", "not compared"]


@dataclass(slots=True)
class WholeRuns:
    """Runs the job as it was planned before any tuning and as it is tuned, in turns."""

    config: RunConfig
    tuned: Tuned
    writer: StudyWriter
    emit: Emit
    cancel: CancelToken
    now: Callable[[], float]
    runs: dict[Policy, list[RunFigures]] = field(default_factory=lambda: {"planned": [], "tuned": []})

    def run(self, repeats: int) -> None:
        for line in self.writer.record.of_kind("whole run"):
            self.runs[line["policy"]].append(RunFigures.from_dict(line["figures"]))
        both: tuple[Policy, ...] = ("planned", "tuned")
        total = 2 * repeats
        for number in range(total):
            policy = both[number % 2]
            if len(self.runs[policy]) <= number // 2:
                self._run(policy, number + 1, total)

    def learnt(self) -> Tuned:
        """What the whole runs add: the time of every stage that they ran, and which options are not to be taken."""
        new = self._observations()
        known = merged(calibrated(self.tuned.observations, new), new)
        if self.winner == "planned":
            known = [self._withdrawn(item) for item in known]
        return derive(self.config, self.tuned.builtin, known, self.tuned.path)

    @property
    def winner(self) -> Winner:
        """Planned wins only beyond noise: the spread of the runs, at least ``NOISE``."""
        if not all(self.runs.values()):
            return "not compared"
        if self._choices("planned") == self._choices("tuned"):
            return "same plan"
        slower = median(self._seconds("tuned")) > median(self._seconds("planned")) * (1 + self._spread())
        return "planned" if slower else "tuned"

    @property
    def noise(self) -> float:
        """Relative spread of runs of the same plan, at least ``NOISE``."""
        return self._spread(together=self.winner == "same plan")

    def _spread(self, *, together: bool = False) -> float:
        groups = [self._seconds(policy) for policy in self.runs if self.runs[policy]]
        if together:
            groups = [[seconds for group in groups for seconds in group]]
        return max([NOISE, *((max(values) - min(values)) / median(values) for values in groups)])

    def outcome(self) -> dict[str, Any]:
        policy = "planned" if self.winner == "planned" else "tuned"
        return {
            "winner": self.winner,
            "noise": self.noise,
            "whole_runs": {name: [_brief(run) for run in runs] for name, runs in self.runs.items()},
            "prediction_errors": self._prediction_errors(),
            "config": self.config.merged({"memory": {"policy": policy}}).to_dict(),
        }

    def _run(self, policy: Policy, number: int, total: int) -> None:
        self.cancel.raise_if_cancelled()
        config = self.config.merged({"memory": {"policy": policy}, "run": {"sample_hz": 0}})
        engine = None if policy == "tuned" else _UNTUNED_RUN
        title = f"whole run, {policy}"
        figures, _ = run_whole(
            config, self.cancel, engine=engine, on_fraction=partial(self._progress, title, number, total)
        )
        if figures.failure:
            raise SloraError(f"a whole run of the {policy} plan failed: {figures.failure}")
        self.runs[policy].append(figures)
        line = {"policy": policy, "figures": figures.to_dict()}
        self.writer.add("whole run", line)
        self.emit(TrialFinished(self.now(), "tuning", title, number, total, line))

    def _progress(self, title: str, number: int, total: int, fraction: float) -> None:
        done = (number - 1 + fraction) / total
        self.emit(Progress(self.now(), title, number - 1, total, "whole runs", done))

    def _planned_stages(self, run: RunFigures) -> dict[str, StageFigures]:
        return {name: stage for name, stage in run.stages.items() if stage.predicted_s is not None}

    def _seconds(self, policy: Policy) -> list[float]:
        """Of the planned stages: what neither plan decides is noise."""
        return [sum(stage.seconds for stage in self._planned_stages(run).values()) for run in self.runs[policy]]

    def _choices(self, policy: Policy) -> dict[str, Any]:
        return {name: stage.choice for name, stage in self._planned_stages(self.runs[policy][0]).items()}

    def _fitted_seconds(self) -> float:
        """The planned run by the fitted rates; a stage that they do not know (extraction) as it was measured."""
        first, job, workloads = self.runs["planned"][0], job_of(self.config), workloads_of(self.config)
        items = []
        for name, stage in self._planned_stages(first).items():
            workload = _workload_of(name, workloads)
            choice = choice_key(stage.choice, workload)
            items.append(Observation(plain_stage(name), job, workload, choice, stage.seconds))
        model = modelled_seconds(items, self.tuned.profile)
        return sum(float(s) if np.isfinite(s) else item.seconds for item, s in zip(items, model, strict=True))

    def _observations(self) -> list[Observation]:
        """The median seconds of every planned stage with every choice, in all whole runs."""
        seconds: dict[tuple[str, str, Workload], list[float]] = {}
        workloads = workloads_of(self.config)
        for run in [run for runs in self.runs.values() for run in runs]:
            for name, stage in self._planned_stages(run).items():
                workload = _workload_of(name, workloads)
                key = plain_stage(name), choice_key(stage.choice, workload), workload
                seconds.setdefault(key, []).append(stage.seconds)
        job = job_of(self.config)
        return [
            Observation(stage, job, workload, choice, median(found), whole=True)
            for (stage, choice, workload), found in seconds.items()
            if stage != "extract"  # its model is a probe's, another in every run
        ]

    def _withdrawn(self, item: Observation) -> Observation:
        """Where tuned lost, the options that the planned run did not take are no longer offered for this job."""
        stages = {plain_stage(name): stage for name, stage in self._planned_stages(self.runs["planned"][0]).items()}
        if item.config != job_of(self.config) or item.stage not in stages:
            return item
        kept = choice_key(stages[item.stage].choice, item.workload)
        return item if item.choice == kept else dataclasses.replace(item, offered=False)

    def _prediction_errors(self) -> dict[str, float | None]:
        """Relative errors of the predicted time of all planned stages against whole runs.

        ``built-in``: the planned run before any tuning. ``fitted rates``: the same run by rates from the trials alone.
        ``tuned``: the tuned run, as its own plan said before it began.
        """
        errors: dict[str, float | None] = {"built-in": None, "fitted rates": None, "tuned": None}
        if self.runs["planned"]:
            stages = self._planned_stages(self.runs["planned"][0])
            measured = median(self._seconds("planned"))
            errors["built-in"] = sum(stage.predicted_s or 0.0 for stage in stages.values()) / measured - 1
            errors["fitted rates"] = self._fitted_seconds() / measured - 1
        if self.runs["tuned"]:
            stages = self._planned_stages(self.runs["tuned"][0])
            predicted = sum(stage.predicted_s or 0.0 for stage in stages.values())
            errors["tuned"] = predicted / median(self._seconds("tuned")) - 1
        return errors


def calibrated(trials: Sequence[Observation], whole: Sequence[Observation]) -> list[Observation]:
    """Trials on the scale of whole runs, where both have the same option of a stage.

    Beside a busy run stages take longer than alone, and an option that has only been tried must not look faster for
    that than one that has run: at best it comes just behind.
    """
    pairs: dict[str, list[float]] = {}
    best: dict[str, float] = {}
    seconds = {item.identity: item.seconds for item in trials}
    for item in whole:
        stage = _same_stage(item)
        best[stage] = min(best.get(stage, float("inf")), item.seconds)
        if seconds.get(item.identity):
            pairs.setdefault(stage, []).append(item.seconds / seconds[item.identity])
    found = []
    for item in trials:
        stage = _same_stage(item)
        if not item.whole and stage in pairs:
            scaled = max(item.seconds * fmean(pairs[stage]), BEHIND * best[stage])
            found.append(dataclasses.replace(item, seconds=scaled))
        else:
            found.append(item)
    return found


def _same_stage(item: Observation) -> str:
    """Equal for observations of the same stage of the same job."""
    return dataclasses.replace(item, choice="").identity


def _workload_of(stage: str, workloads: Sequence[Workload]) -> Workload:
    plain = plain_stage(stage)
    prefix = stage.removesuffix(plain)
    return workloads[int(prefix.removeprefix("task").removesuffix(".")) - 1] if prefix else workloads[-1]


def _brief(run: RunFigures) -> Mapping[str, Any]:
    return {
        "seconds": run.seconds,
        "peak_allocated_bytes": run.peak_allocated_bytes,
        "peak_reserved_bytes": run.peak_reserved_bytes,
    }
