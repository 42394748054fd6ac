"""What a configuration will need, computed from sizes alone: plan, rows, frontier. Free of torch and Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from slora_core.baseline.plan import predicted_peak
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Plan, StageRequest
from slora_core.memory.planner import PlanRow, bound_bytes, planned_table
from slora_core.memory.sizes import format_size
from slora_core.running.output import check_distributable
from slora_core.running.planning import JobPlan, announced, plan_job
from slora_core.running.shares import Share
from slora_core.types import Workload
from slora_gui.model.problem_texts import what_text

Stamps: TypeAlias = tuple[tuple[str, int, int], ...]
Announced: TypeAlias = tuple[tuple[Workload, ...], dict[int, tuple[StageRequest, ...]]]

_PATHS: Final = {
    "files": ("features", "state", "evaluate"),
    "models": ("base", "adapter_before", "adapter_after", "images", "aux_images", "state", "evaluate"),
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """What ``config`` will need; ``plan`` is None, with a ``problem``, where that cannot be told.

    The baseline makes no plan and knows no budget: it has ``baseline_peak_bytes`` alone, which every other
    forecast has too, for comparison.
    """

    generation: int
    config: RunConfig
    plan: Plan | None
    rows: list[PlanRow]
    problem: str = ""
    budget_bytes: int | None = None
    smallest_bytes: int | None = None
    baseline_peak_bytes: int | None = None

    @property
    def feasible(self) -> bool | None:
        """Whether the plan fits its budget; None without a plan."""
        return None if self.plan is None else self.plan.feasible

    @property
    def predicted_peak_bytes(self) -> int | None:
        """Of the engine that the configuration names."""
        if self.config.run.engine == "baseline":
            return self.baseline_peak_bytes
        return None if self.plan is None else self.plan.predicted_peak_bytes


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One plan of a run: its peak, its time and what it is called; ``budget_bytes`` is the smallest that gives it.

    ``measured`` says whether its time is the sum of measured stages, or only predicted.
    """

    peak_bytes: int
    seconds: float
    label: str
    measured: bool = False
    budget_bytes: int | None = None


def frontier_point(peak_bytes: int, seconds: float, budget_bytes: int, measured: bool) -> FrontierPoint:
    """A plan that is called by the budget that gives it."""
    return FrontierPoint(peak_bytes, seconds, f"\u2264 {format_size(budget_bytes)}", measured, budget_bytes)


@dataclass(frozen=True, slots=True)
class Frontier:
    """Peak against time over all plans of ``config``: peaks ascend, seconds descend; or the ``problem``."""

    generation: int
    config: RunConfig
    points: tuple[FrontierPoint, ...]
    problem: str = ""


class Forecaster:
    """Forecasts in a row: files are read again only when they have changed."""

    def __init__(self) -> None:
        self._key: tuple[RunConfig, DeviceProfile, Stamps] | None = None
        self._announced: tuple[tuple[object, ...], Announced] | None = None

    def ready_for(self, config: RunConfig, profile: DeviceProfile) -> bool:
        """Whether only the budget is new since the last forecast, which then takes a millisecond or two."""
        return self._key == _key(config, profile)

    def forecast(self, config: RunConfig, profile: DeviceProfile, generation: int = 0) -> Forecast:
        """Never raises for a configuration that cannot run: the forecast has its ``problem``."""
        budget = config.memory.budget
        try:
            workloads, job = self._planned(config, profile)
        except InputError as error:
            return Forecast(generation, config, None, [], what_text(error), budget)
        baseline = max(predicted_peak(workload, config, profile) for workload in workloads)
        if config.run.engine == "baseline":
            return Forecast(generation, config, None, [], baseline_peak_bytes=baseline)
        plan, smallest = job.plan, job.plan.smallest_feasible_bytes
        return Forecast(generation, config, plan, planned_table(plan), "", budget, smallest, baseline)

    def frontier(self, config: RunConfig, profile: DeviceProfile, generation: int = 0) -> Frontier:
        """Peak against time over all budgets. Never raises, as :meth:`forecast`."""
        try:
            found = self._planned(config, profile)[1].frontier(profile)
        except InputError as error:
            return Frontier(generation, config, (), what_text(error))
        points = tuple(frontier_point(peak, seconds, bound_bytes(peak, profile), False) for peak, seconds in found)
        return Frontier(generation, config, points)

    def _planned(self, config: RunConfig, profile: DeviceProfile) -> tuple[tuple[Workload, ...], JobPlan]:
        key = _key(config, profile)
        self._key = None
        processes = config.distributed.processes
        if processes > 1:
            check_distributable(config)
        share = Share(0, processes)  # rank 0 has the most to do
        workloads, requests = self._read(config, profile, share, key[2])
        job = plan_job(config, workloads, profile, source_requests=requests, share=share)
        self._key = key
        return workloads, job

    def _read(self, config: RunConfig, profile: DeviceProfile, share: Share, stamps: Stamps) -> Announced:
        """Sizes of the source; labels and folders are read again only when a file or a setting has changed."""
        memory = config.memory.model_copy(update={"budget": None})
        key = (
            config.source,
            config.operators.names,
            config.extraction,
            config.measures,
            memory,
            profile,
            share,
            stamps,
        )
        if self._announced is None or self._announced[0] != key:
            self._announced = (key, announced(config, profile, share))
        return self._announced[1]


def forecast(config: RunConfig, profile: DeviceProfile, generation: int = 0) -> Forecast:
    """What ``config`` will need on ``profile``."""
    return Forecaster().forecast(config, profile, generation)


def frontier(config: RunConfig, profile: DeviceProfile, generation: int = 0) -> Frontier:
    """Peak against time over all plans of ``config`` on ``profile``."""
    return Forecaster().frontier(config, profile, generation)


def _key(config: RunConfig, profile: DeviceProfile) -> tuple[RunConfig, DeviceProfile, Stamps]:
    """What decides the options of all stages: everything but the budget and the engine, and the files as they are."""
    memory = config.memory.model_copy(update={"budget": None})
    run = config.run.model_copy(update={"engine": "optimised"})
    return config.model_copy(update={"memory": memory, "run": run}), profile, _stamps(config)


def _stamps(config: RunConfig) -> Stamps:
    """Of files, and of folders: what is put into one, or taken out, changes its time."""
    paths = [getattr(config.source, name) for name in _PATHS.get(config.source.kind, ())]
    return tuple(_stamp(path) for path in paths if path is not None)


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return path, -1, -1
    return path, status.st_mtime_ns, status.st_size
