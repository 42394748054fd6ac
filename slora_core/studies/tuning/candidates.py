"""Which options of a plan are worth a trial, and in which order. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Option, StageRequest
from slora_core.memory.planner import largest_predicted
from slora_core.memory.search import StageTable
from slora_core.running.measured import plain_stage
from slora_core.running.planning import JobPlan

LEAN_FACTOR: Final = 4.0
"""A lean option is tried up to so many times the least modelled time: beyond, the frontier is of no use."""
RIVAL_FACTOR: Final = 1.6
"""Options up to so many times the least modelled time are rivals: the model may be as wrong as that."""
MINOR_SHARE: Final = 0.01
"""Stages with less of the predicted time get one trial, for the rates."""
MOST_CLASSES: Final = 64
_UNTRIED: Final = ("check", "statistics", "evaluate", "load", "attention.fit")
"""Stages without a choice, or known from whole runs alone."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One option to be timed; ``option`` is the stage's own, ``peak_bytes`` that of the stage by itself."""

    stage: str
    option: Option
    peak_bytes: int


def candidates(job: JobPlan, device: DeviceProfile, most: int, *, extraction: bool = False) -> list[Candidate]:
    """At most ``most`` options of the last round's stages that fit the plan's budget, the most telling first.

    Of every stage first the planned option, then the fastest and the leanest by the model, then the others along the
    frontier of peak against time, then rivals of the fastest; stages take turns, the longest first.
    The stage ``extract`` is among them with ``extraction`` alone.
    """
    untried = _UNTRIED if extraction else (*_UNTRIED, "extract")
    last = job.counted[-1].stage.rpartition(plain_stage(job.counted[-1].stage))[0] if job.counted else ""
    found: list[tuple[float, list[Candidate]]] = []
    total_s = sum(stage.seconds for stage in job.plan.stages) or 1.0
    for request in job.counted:
        if request.stage.startswith(last) and plain_stage(request.stage) not in untried:
            seconds = job.plan.stage(request.stage).seconds
            ranked = list(_ranked(request, job, device))
            found.append((seconds, ranked if seconds >= MINOR_SHARE * total_s else ranked[:1]))
    found.sort(key=lambda item: item[0], reverse=True)
    turns = zip_longest(*(ranked for _, ranked in found))
    return [candidate for turn in turns for candidate in turn if candidate is not None][:most]


def _ranked(request: StageRequest, job: JobPlan, device: DeviceProfile) -> Iterator[Candidate]:
    table = StageTable(request, device.rounding_bytes, arenas=device.segment_bytes > 0)
    room = _room(job, device)
    options = request.options
    fitting = [i for i in table.order if table.peaks[i] <= room and _classes(options[i].choice) <= MOST_CLASSES]
    planned = next(i for i, o in enumerate(options) if o.choice == job.plan.stage(request.stage).choice)
    order = [planned]
    if fitting:
        least_s = options[fitting[0]].seconds
        lean = [i for i in fitting if options[i].seconds <= LEAN_FACTOR * least_s]
        rivals = [i for i in fitting if options[i].seconds <= RIVAL_FACTOR * least_s]
        order += [fitting[0], min(lean, key=lambda i: table.peaks[i]), *_frontier(lean, table.peaks), *rivals]
    for index in dict.fromkeys(order):
        yield Candidate(request.stage, options[index], table.peaks[index])


def _frontier(order: Sequence[int], peaks: Sequence[int]) -> list[int]:
    """Of options from fast to slow those that are leaner than every faster one."""
    found: list[int] = []
    for index in order:
        if not found or peaks[index] < peaks[found[-1]]:
            found.append(index)
    return found


def _room(job: JobPlan, device: DeviceProfile) -> int:
    limits = [limit for limit in (job.plan.budget_bytes, device.total_bytes) if limit is not None]
    return largest_predicted(min(limits), device) - job.base_bytes if limits else 2**62


def _classes(choice: Any) -> int:
    """Classes moved at a time."""
    return int(getattr(choice, "classes", getattr(choice, "batch", 1)))
