"""``slora plan --nproc N``: what each rank takes, what they exchange, and what binds."""

from __future__ import annotations

from slora_core.cli.printing import print_error, print_json, print_tables, results_console
from slora_core.config import RunConfig
from slora_core.distributed.traffic import communicated_bytes
from slora_core.errors import BudgetRefused
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Plan
from slora_core.memory.planner import planned_table, refused
from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.running.output import check_distributable
from slora_core.running.planning import plan_config
from slora_core.running.shares import Share


def plan_ranks(config: RunConfig, device: DeviceProfile, *, as_json: bool) -> int:
    """Print the plans of all ranks, each on a device of its own; exit code 3 when one does not fit."""
    check_distributable(config)
    size = config.distributed.processes
    jobs = [plan_config(config, device, Share(rank, size)) for rank in range(size)]
    plans, (workload,), streams = [job.plan for job in jobs], jobs[0].workloads, jobs[0].streams
    stages = [stage.stage for stage in plans[0].stages]
    traffic = {name: communicated_bytes(name, workload, config, size, streams=streams) for name in stages}
    if as_json:
        print_json({"ranks": [plan.to_dict() for plan in plans], "communicated_bytes": traffic})
    else:
        _print(plans, traffic, device)
    worst = max(range(size), key=lambda rank: (plans[rank].smallest_feasible_bytes, -rank))
    plan = plans[worst]
    if plan.budget_bytes is None or all(plan.feasible for plan in plans):
        return 0
    refusal = refused(plan.budget_bytes, plan.binding_stage, plan.smallest_feasible_bytes, worst)
    print_error(refusal.what, refusal.remedy)
    return BudgetRefused.exit_code


def _print(plans: list[Plan], traffic: dict[str, int], device: DeviceProfile) -> None:
    ranks = [
        (
            str(rank),
            format_size(plan.predicted_peak_bytes),
            format_size(plan.bound_bytes),
            format_size(plan.smallest_feasible_bytes),
            format_seconds(plan.seconds),
            plan.binding_stage,
        )
        for rank, plan in enumerate(plans)
    ]
    columns = ("rank", "predicted peak", "bound", "smallest budget", "time", "binding stage")
    stages = [
        (
            row.stage,
            format_size(row.predicted_peak_bytes),
            format_seconds(max(plan.stages[number].seconds for plan in plans)),
            format_size(traffic[row.stage]),
            row.choice,
        )
        for number, row in enumerate(planned_table(plans[0]))
    ]
    stage_columns = ("stage", "peak of rank 0", "time of the slowest", "communicated by rank 0", "choice of rank 0")
    title = f"Plan for {len(plans)} ranks, each on a {device.name} of its own"
    print_tables(
        [
            TextTable(title, columns, (*(True,) * 5, False), tuple(ranks)),
            TextTable("Stages", stage_columns, (False, *(True,) * 3, False), tuple(stages)),
        ]
    )
    seconds = sum(max(plan.stages[number].seconds for plan in plans) for number in range(len(plans[0].stages)))
    results_console().print(
        f"\ntime {format_seconds(seconds)}, communicated by rank 0 {format_size(sum(traffic.values()))}", soft_wrap=True
    )
