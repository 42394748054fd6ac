"""The planner: which option each stage of a run takes under a budget, and what that will need. Torch-free.

predicted peak of a stage = what is live before it + the peak of its footprint; its upper bound must be within the
budget. Where no option is, the plan says which stage binds and the smallest budget that would do.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from slora_core.errors import BudgetRefused
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Option, Plan, StagePlan, StageRequest
from slora_core.memory.policies import adaptive_chunk
from slora_core.memory.search import Pick, StageTable, choose, least_needs, smallest_limit
from slora_core.types import MIB

BOUND_SLACK_BYTES: Final = 16 * 1024
BOUND_PARTS: Final = 200
"""The bound is one part in this many (0.5 %) above the prediction."""
POOL_SEGMENTS: Final = 6
"""Segments of CUDA's pool beyond what is predicted, at most: those of small blocks, of a captured graph, and what a
library takes for moments. Workspaces themselves are cut from arenas that fill their segments."""
TYPICAL_SEGMENTS: Final = 1
REFERENCE_CHUNK: Final = 64
UNLIMITED: Final = 2**62
FASTEST: Final = 1.01
"""Of options this close to the least seconds the smallest is taken where memory is free."""
MEASURED_NEARLY: Final = 1.03
"""As a profile's ``nearly``, among measured options: what short trials cannot tell apart."""


def bound_bytes(predicted_bytes: int, device: DeviceProfile) -> int:
    """Upper bound of what the budget bounds: live tensor bytes on a CPU, the pool's reserved bytes on CUDA."""
    slack = -(-predicted_bytes // BOUND_PARTS) + BOUND_SLACK_BYTES
    return predicted_bytes + slack + POOL_SEGMENTS * device.segment_bytes


def reserved_bytes(predicted_bytes: int, device: DeviceProfile) -> int | None:
    """What the pool of a CUDA device is expected to reserve for ``predicted_bytes``; None where there is no pool."""
    if not device.segment_bytes:
        return None
    whole = -(-predicted_bytes // device.segment_bytes) * device.segment_bytes
    return whole + TYPICAL_SEGMENTS * device.segment_bytes


def largest_predicted(budget_bytes: int, device: DeviceProfile) -> int:
    """The largest prediction whose bound is within the budget (-1: not even 0 is)."""
    room = budget_bytes - bound_bytes(0, device)
    if room < 0:
        return -1
    predicted = room * BOUND_PARTS // (BOUND_PARTS + 1) + 1
    while bound_bytes(predicted, device) > budget_bytes:
        predicted -= 1
    return predicted


def make_plan(
    requests: Sequence[StageRequest],
    *,
    budget_bytes: int | None,
    policy: str,
    device: DeviceProfile,
    base_bytes: int = 0,
) -> Plan:
    """Plan stages that run in order with ``base_bytes`` live throughout.

    ``planned`` and ``fixed`` take the option with the smallest peak among the nearly cheapest that fit, ``tuned`` does
    so among measured options where one fits; below the largest of these peaks all three take the fastest;
    ``adaptive`` follows the seed's rule for options with a chunk. An option whose kept buffers would leave a later
    stage no room does not fit. ``smallest_feasible_bytes`` is exact: one byte less and some stage has no option.
    """
    tables = _tables(requests, device, device.nearly if budget_bytes is None else device.nearly_within)
    limit = UNLIMITED if budget_bytes is None else largest_predicted(budget_bytes, device)
    chosen = choose(tables, base_bytes, limit, _picker(policy, budget_bytes))
    if policy != "adaptive" and _peak(tables, chosen, base_bytes) <= limit:
        chosen = _use_of_the_peak(requests, device, base_bytes, tables, chosen, _pick_fastest(policy))
    needs = least_needs(tables, base_bytes)
    stages = tuple(
        _stage_plan(table, option, before, need, device)
        for table, (option, before), need in zip(tables, chosen, needs, strict=True)
    )
    predicted = _peak(tables, chosen, base_bytes)
    return Plan(
        budget_bytes=budget_bytes,
        policy=policy,
        stages=stages,
        feasible=predicted <= limit,
        binding_stage=max(stages, key=lambda stage: stage.smallest_bytes).stage if stages else "",
        smallest_feasible_bytes=bound_bytes(smallest_limit(tables, base_bytes), device),
        predicted_peak_bytes=predicted,
        bound_bytes=bound_bytes(predicted, device),
        seconds=sum(stage.seconds for stage in stages),
    )


def _use_of_the_peak(  # noqa: PLR0917
    requests: Sequence[StageRequest],
    device: DeviceProfile,
    base_bytes: int,
    tables: Sequence[StageTable],
    chosen: list[tuple[int, int]],
    pick: Pick,
) -> list[tuple[int, int]]:
    """Memory below the plan's own peak costs nothing: there every stage takes the fastest option."""
    peak = max(
        (before + table.peaks[option] for table, (option, before) in zip(tables, chosen, strict=True)), default=0
    )
    again = choose(_tables(requests, device, FASTEST), base_bytes, peak, pick)
    return again if _seconds(tables, again) < _seconds(tables, chosen) else chosen


def _peak(tables: Sequence[StageTable], chosen: Sequence[tuple[int, int]], base_bytes: int) -> int:
    peaks = [before + table.peaks[option] for table, (option, before) in zip(tables, chosen, strict=True)]
    return max(peaks, default=base_bytes)


def _seconds(tables: Sequence[StageTable], chosen: Sequence[tuple[int, int]]) -> float:
    return sum(table.request.options[option].seconds for table, (option, _) in zip(tables, chosen, strict=True))


def frontier(
    requests: Sequence[StageRequest],
    *,
    device: DeviceProfile,
    base_bytes: int = 0,
    points: int = 100,
    policy: str = "planned",
) -> list[tuple[int, float]]:
    """(predicted peak bytes, seconds) of the whole run over budgets: peaks ascend, seconds descend.

    At most about ``points`` of them, the smallest feasible and the fastest among them.
    """
    tables = _tables(requests, device, 1.0)
    lowest = smallest_limit(tables, base_bytes)
    found: list[tuple[int, float]] = []
    limit, step = UNLIMITED, 1
    pick = _pick_fastest(policy)
    while limit >= lowest:
        chosen = list(zip(tables, choose(tables, base_bytes, limit, pick), strict=True))
        peak = max((before + table.peaks[option] for table, (option, before) in chosen), default=base_bytes)
        seconds = sum(table.request.options[option].seconds for table, (option, _) in chosen)
        while found and found[-1][1] >= seconds:
            found.pop()
        if not found:
            step = max(1, (peak - lowest) // points)
        found.append((peak, seconds))
        down = 1 if len(found) == 1 else step  # the fastest point is the leanest of its speed
        limit = max(peak - down, lowest) if peak > lowest else lowest - 1
    return found[::-1]


def refuse_if_infeasible(plan: Plan) -> None:
    """Raises BudgetRefused that names the binding stage and the smallest budget, in numbers that can be typed."""
    if plan.feasible or plan.budget_bytes is None:
        return
    raise refused(plan.budget_bytes, plan.binding_stage, plan.smallest_feasible_bytes)


def refused(budget_bytes: int, binding_stage: str, smallest_bytes: int, rank: int | None = None) -> BudgetRefused:
    """The refusal of ``budget_bytes``; ``rank`` is the one whose stage it is, where there are several."""
    stage = binding_stage.removesuffix(".move").removesuffix(".fit")
    of_rank = "" if rank is None else f" of rank {rank}"
    budget, smallest = _decimal_size(budget_bytes, up=False), _decimal_size(smallest_bytes, up=True)
    return BudgetRefused(
        f"the budget of {budget} cannot hold the {stage} stage{of_rank}; the smallest that can is {smallest}",
        stage=binding_stage,
        budget_bytes=budget_bytes,
        smallest_bytes=smallest_bytes,
        data={
            "stage": stage,
            "rank": rank,
            "budget": budget,
            "smallest": smallest,
            "smallest_bytes": smallest_bytes,
        },
    )


@dataclasses.dataclass(frozen=True, slots=True)
class PlanRow:
    """One stage of a plan, for a table. ``share`` is the bound over the budget; None without a budget."""

    stage: str
    choice: str
    predicted_peak_bytes: int
    bound_bytes: int
    smallest_bytes: int
    share: float | None
    seconds: float
    binding: bool


def planned_table(plan: Plan) -> list[PlanRow]:
    """The stages of a plan in order, as rows for display."""
    return [
        PlanRow(
            stage=stage.stage,
            choice=_choice_text(stage.choice),
            predicted_peak_bytes=stage.predicted_peak_bytes,
            bound_bytes=stage.bound_bytes,
            smallest_bytes=stage.smallest_bytes,
            share=stage.bound_bytes / plan.budget_bytes if plan.budget_bytes else None,
            seconds=stage.seconds,
            binding=stage.stage == plan.binding_stage,
        )
        for stage in plan.stages
    ]


def _tables(requests: Sequence[StageRequest], device: DeviceProfile, nearly: float) -> list[StageTable]:
    arenas = device.segment_bytes > 0
    return [StageTable(request, device.rounding_bytes, arenas=arenas, nearly=nearly) for request in requests]


def _stage_plan(table: StageTable, index: int, before: int, need: int, device: DeviceProfile) -> StagePlan:
    option = table.request.options[index]
    predicted = before + table.peaks[index]
    breakdown = {"before": before} if before else {}
    for buffer in option.footprint.peak_buffers(device.rounding_bytes):
        breakdown[buffer.name] = breakdown.get(buffer.name, 0) + buffer.size_bytes(device.rounding_bytes)
    if option.footprint.workspace_bytes:
        breakdown["workspace"] = breakdown.get("workspace", 0) + option.footprint.workspace_bytes
    return StagePlan(
        stage=table.request.stage,
        choice=option.choice,
        predicted_peak_bytes=predicted,
        bound_bytes=bound_bytes(predicted, device),
        smallest_bytes=bound_bytes(need, device),
        seconds=option.seconds,
        breakdown=breakdown,
    )


def _picker(policy: str, budget_bytes: int | None) -> Pick:
    if policy == "adaptive":
        return partial(_pick_adaptive, budget_bytes)
    return _pick_measured if policy == "tuned" else _pick_cheapest


def _pick_fastest(policy: str) -> Pick:
    """For tables whose own ``nearly`` is that of the fastest."""
    return partial(_pick_measured, nearly=None) if policy == "tuned" else _pick_cheapest


def _pick_cheapest(  # noqa: PLR0917
    table: StageTable,
    before: int,
    limit: int,
    most_kept: int | None,
    accept: Callable[[Option], bool] | None = None,
    nearly: float | None = None,
) -> int | None:
    """The option with the smallest peak among those that fit and need at most ``nearly`` times the least seconds.

    Only options that ``accept`` takes count when there is one; ``nearly`` is the table's unless given.
    """
    room, peaks, options = limit - before, table.peaks, table.request.options
    chosen, most_seconds = None, 0.0
    for index in table.order:
        if chosen is not None and options[index].seconds > most_seconds:
            break
        if peaks[index] <= room and (most_kept is None or table.kept[index] <= most_kept):
            if accept is None or accept(options[index]):
                if chosen is None:
                    chosen, most_seconds = index, options[index].seconds * (nearly or table.nearly)
                elif peaks[index] < peaks[chosen]:
                    chosen = index
    return chosen


def _pick_measured(
    table: StageTable, before: int, limit: int, most_kept: int | None, nearly: float | None = MEASURED_NEARLY
) -> int | None:
    """Of the measured options that fit, the smallest of the nearly fastest; where none does, as if none were."""
    found = _pick_cheapest(table, before, limit, most_kept, lambda option: option.measured, nearly)
    return _pick_cheapest(table, before, limit, most_kept) if found is None else found


def _pick_adaptive(
    budget_bytes: int | None, table: StageTable, before: int, limit: int, most_kept: int | None
) -> int | None:
    """The seed's rule at plan time: what would be live with chunk 64 decides between 32, 64 and 128.

    Where no option of that chunk fits the next smaller one is taken; options without a chunk go by cost.
    """
    options = table.request.options
    chunks = sorted({getattr(option.choice, "chunk", 0) for option in options})
    if chunks[0] == 0:
        return _pick_cheapest(table, before, limit, most_kept)
    reference = max((chunk for chunk in chunks if chunk <= REFERENCE_CHUNK), default=chunks[0])
    typical = _pick_cheapest(table, before, limit, most_kept, _of_chunk(reference))
    if typical is None:
        typical = min(
            (i for i in table.order if options[i].choice.chunk == reference), key=lambda index: table.peaks[index]
        )
    target = adaptive_chunk(before + table.peaks[typical], budget_bytes)
    for chunk in sorted(chunks, key=lambda chunk: (chunk > target, -chunk if chunk <= target else chunk)):
        found = _pick_cheapest(table, before, limit, most_kept, _of_chunk(chunk))
        if found is not None:
            return found
    return None


def _of_chunk(chunk: int) -> Callable[[Option], bool]:
    return lambda option: bool(option.choice.chunk == chunk)


def choice_words(choice: Mapping[str, Any]) -> str:
    """``tiles, chunk 512, resident``: names, numbers with their field, and the switches that are on."""
    values = {name.replace("_", " "): value for name, value in choice.items() if value}
    words = [value for value in values.values() if isinstance(value, str)]
    numbers = [f"{name} {value}" for name, value in values.items() if not isinstance(value, (str, bool))]
    return ", ".join(words + numbers + [name for name, value in values.items() if value is True])


def _choice_text(choice: Any) -> str:
    """What is as it is unless chosen otherwise is left out."""
    if not dataclasses.is_dataclass(choice):
        return "" if choice is None else str(choice)
    chosen = [field for field in dataclasses.fields(choice) if getattr(choice, field.name) != field.default]
    return choice_words({field.name: getattr(choice, field.name) for field in chosen})


def _decimal_size(size_bytes: int, *, up: bool) -> str:
    """IEC text with at most one decimal, rounded up or down."""
    unit, name = next(
        ((u, n) for u, n in ((MIB * 1024, "GiB"), (MIB, "MiB"), (1024, "KiB")) if size_bytes >= u), (1, "B")
    )
    if unit == 1:
        return f"{size_bytes} B"
    tenths = math.floor(size_bytes * 10 / unit) if not up else -(-size_bytes * 10 // unit)
    return f"{tenths / 10:.1f}".removesuffix(".0") + f" {name}"
