"""The trials of a tuning, in a process of their own: every candidate timed in the surroundings of a run."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import torch

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import BudgetExceeded, ConfigError
from slora_core.events import Event, Progress, RunStarted, StageStarted, StudyFinished, TrialFinished
from slora_core.memory.device import DeviceProfile
from slora_core.memory.devices import environment, profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.planner import refuse_if_infeasible
from slora_core.memory.tuning import SWITCH
from slora_core.running.measured import choice_key, plain_stage
from slora_core.running.planning import JobPlan, plan_job
from slora_core.running.surroundings import surroundings
from slora_core.running.warming import warm_up
from slora_core.sources.opening import source_of
from slora_core.streams.scratch import scratch_folder
from slora_core.streams.streaming import Emit
from slora_core.studies.tuning.candidates import Candidate, candidates
from slora_core.studies.tuning.stage_runs import StageRuns
from slora_core.types import Workload

RIVAL: Final = 1.3
"""Times that are apart by less may be the machine's noise."""


def execute_untuned(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """A whole run as if nothing had been measured of the machine."""
    os.environ[SWITCH] = "off"
    pipeline.execute(config, emit, cancel)


def execute(
    config: RunConfig,
    emit: Emit,
    cancel: CancelToken,
    *,
    most: int,
    seconds: float,
    done: Sequence[tuple[str, float | None]],
) -> None:
    """Time at most ``most`` candidates of the plan of ``config``, in about ``seconds``, but those in ``done``.

    When all are timed and time is left, those close to the fastest of their stage are timed once more: what disturbed
    one of them is over then. ``done`` are (key, seconds) of trials that an earlier process made.

    Emits RunStarted, whose environment carries the profile, for each trial StageStarted (its key) and TrialFinished,
    and StudyFinished. Raises BudgetRefused when no plan fits, ConfigError when there is nothing to time.
    """
    os.environ[SWITCH] = "off"  # candidates are those of the built-in rates, whatever was measured before
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    device = resolve_device(config.run.device)
    profile = profile_of(device, config.run.threads)
    with closing(source_of(config)) as source:
        workloads = source.workloads()
        probed = source.probe(device)
    if not any(workload.pairs for workload in workloads):
        raise ConfigError(
            "the source has no pairs, so nothing is compensated: expected a source with at least one task"
        )
    job = plan_job(config, workloads, profile, source_requests=probed.requests, held_bytes=probed.held_bytes)
    emit(_started(config, device, profile, job))
    refuse_if_infeasible(job.plan)
    chosen = candidates(job, profile, most, extraction=config.source.kind == "demo")
    named = {trial_key(found, workloads[-1]): found for found in chosen}
    with ExitStack() as stack:
        stack.enter_context(host_state_guard())
        scratch = Path(stack.enter_context(scratch_folder(config.run.scratch)))
        free = config.merged({"memory": {"budget": None}, "run": {"sample_hz": 0}})
        around = surroundings(free, device, job, emit=_drop, cancel=cancel, scratch=scratch)
        ctx = stack.enter_context(around).ctx
        warm_up(ctx, free, job)
        runs = stack.enter_context(StageRuns(ctx, free, profile, workloads[-1]))
        _run_trials(ctx, runs, named, done, seconds=seconds, emit=emit)
    emit(StudyFinished(ctx.now(), "tuning", ctx.now(), len(chosen), "", {}))


def trial_key(candidate: Candidate, workload: Workload) -> str:
    """Identity of a trial within a study."""
    return f"{plain_stage(candidate.stage)} {choice_key(candidate.option.choice, workload)}"


def _run_trials(
    ctx: RunContext,
    runs: StageRuns,
    named: Mapping[str, Candidate],
    done: Sequence[tuple[str, float | None]],
    *,
    seconds: float,
    emit: Emit,
) -> None:
    deadline = time.perf_counter() + seconds
    timed: dict[str, list[float | None]] = {}
    for key, found_s in done:
        timed.setdefault(key, []).append(found_s)
    for again in (False, True):
        todo = rivals(timed) if again else [key for key in named if key not in timed]
        for key in todo:
            ctx.checkpoint()
            if time.perf_counter() > deadline or key not in named:
                return
            emit(StageStarted(ctx.now(), key, ""))
            stage, number = plain_stage(named[key].stage), len(timed) + (not again)
            title = f"{stage}, {_text(named[key].option.choice)}{', again' if again else ''}"
            emit(Progress(ctx.now(), title, number - 1, len(named), "trials", (number - 1) / len(named)))
            figures = {"key": key, **_trial(ctx, runs, named[key])}
            timed.setdefault(key, []).append(figures["seconds"])
            emit(TrialFinished(ctx.now(), "tuning", title, number, len(named), figures))


def rivals(timed: Mapping[str, Sequence[float | None]]) -> list[str]:
    """Keys of trials timed once whose seconds are close to the best of their stage, where a stage has several."""
    best: dict[str, float] = {}
    close: dict[str, list[str]] = {}
    for key, times in timed.items():
        stage = key.partition(" ")[0]
        best[stage] = min([best.get(stage, float("inf")), *(found for found in times if found is not None)])
    for key, times in timed.items():
        stage = key.partition(" ")[0]
        if len(times) == 1 and times[0] is not None and times[0] <= RIVAL * best[stage]:
            close.setdefault(stage, []).append(key)
    return [key for keys in close.values() if len(keys) > 1 for key in keys]


def _trial(ctx: RunContext, runs: StageRuns, candidate: Candidate) -> dict[str, Any]:
    stage = plain_stage(candidate.stage)
    figures: dict[str, Any] = {
        "stage": stage,
        "choice": choice_key(candidate.option.choice, runs.workload),
        "workload": dataclasses.asdict(runs.workload),
        "peak_bytes": candidate.peak_bytes,
        "modelled_s": candidate.option.seconds,
        "seconds": None,
        "failure": "",
    }
    started = time.perf_counter()
    try:
        found = runs.measure(stage, candidate.option)
        figures |= {"seconds": found.seconds, "whole": found.whole}
    except (BudgetExceeded, torch.OutOfMemoryError) as error:
        figures["failure"] = str(error)
        if ctx.device.type == "cuda":
            torch.cuda.empty_cache()
    return {**figures, "spent_s": time.perf_counter() - started}


def _started(config: RunConfig, device: torch.device, profile: DeviceProfile, job: JobPlan) -> RunStarted:
    return RunStarted(
        t_s=0.0,
        run_id="",
        started_at="",
        engine=config.run.engine,
        config=config.to_dict(),
        environment={**environment(device), "profile": dataclasses.asdict(profile)},
        plan=job.plan.to_dict(),
        budget_bytes=config.memory.budget,
    )


def _text(choice: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in dataclasses.asdict(choice).items())


def _drop(_: Event) -> None:
    return
