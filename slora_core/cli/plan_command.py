"""``slora plan``: what a run would need, without running it."""

from __future__ import annotations

import argparse
import json

from rich.console import Console

from slora_core.cli.arguments import add_job, add_json, add_source, build_config
from slora_core.cli.display import drawn
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.plan import Plan
from slora_core.memory.planner import planned_table, refuse_if_infeasible
from slora_core.memory.sizes import format_size
from slora_core.planning import plan_config
from slora_core.records.tables import TextTable, format_seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, demo=True)
    add_job(parser)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 for a plan that fits, 3 for one that does not."""
    config = build_config(args, kind=None if args.config else "files")
    plan = plan_config(config, profile_of(resolve_device(config.run.device))).plan
    if args.json:
        print(json.dumps(plan.to_dict(), ensure_ascii=False))
    else:
        _print_plan(plan)
    refuse_if_infeasible(plan)
    return 0


def _print_plan(plan: Plan) -> None:
    console = Console()
    columns = ("stage", "choice", "predicted peak", "bound", "smallest budget", "time")
    rows = tuple(
        (
            f"{row.stage} (binds)" if row.binding else row.stage,
            row.choice,
            format_size(row.predicted_peak_bytes),
            format_size(row.bound_bytes),
            format_size(row.smallest_bytes),
            format_seconds(row.seconds),
        )
        for row in planned_table(plan)
    )
    budget = "unlimited" if plan.budget_bytes is None else format_size(plan.budget_bytes)
    table = TextTable(
        f"Plan for a budget of {budget}, policy {plan.policy}", columns, (False, False, *(True,) * 4), rows
    )
    console.print(drawn(table))
    console.print(
        f"predicted peak {format_size(plan.predicted_peak_bytes)}, bound {format_size(plan.bound_bytes)},"
        f" time {format_seconds(plan.seconds)}; binding stage {plan.binding_stage};"
        f" smallest feasible budget {format_size(plan.smallest_feasible_bytes)}"
        f" ({plan.smallest_feasible_bytes} bytes)",
        highlight=False,
    )
