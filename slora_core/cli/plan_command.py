"""``slora plan``: what a run would need, without running it."""

from __future__ import annotations

import argparse
import ctypes
import sys

from slora_core.cli.arguments import add_engine, add_job, add_json, add_source, add_tasks, build_config, source_kind
from slora_core.cli.interrupts import importing
from slora_core.cli.printing import print_error, print_json, print_tables, results_console
from slora_core.cli.rank_plans import plan_ranks
from slora_core.config import RunConfig
from slora_core.errors import BudgetRefused
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE, DeviceProfile
from slora_core.memory.machine import cpu_profile
from slora_core.memory.matrix_workspace import in_own_process
from slora_core.memory.plan import Plan
from slora_core.memory.planner import planned_table, refuse_if_infeasible
from slora_core.memory.sizes import format_size
from slora_core.memory.tuning import read_tuning
from slora_core.records.tables import TextTable, format_seconds
from slora_core.running.planning import announced_sizes, plan_config

EXAMPLES = """\
examples:
  slora plan --features F.npz --state S.safetensors --budget 256MiB
  slora plan --workload seed-16gb --json
  slora plan --nproc 8 --profile cuda --config LARGE.toml

Exit code 3 says that the budget is below the smallest feasible one."""

PROFILES = {"cpu": CPU_PROFILE, "cuda": CUDA_PROFILE}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_source(parser)
    add_tasks(parser)
    add_job(parser)
    add_engine(parser)
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        help="plan with the measured rates of such a device, which need not be here",
    )
    parser.add_argument("--out", help=argparse.SUPPRESS)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 for a plan that fits, 3 for one that does not."""
    config = build_config(args, kind=source_kind(args))
    device = in_own_process(PROFILES[args.profile] if args.profile else _profile(config))
    if config.distributed.processes > 1:
        return plan_ranks(config, device, as_json=args.json)
    if config.run.engine == "baseline":
        return _print_baseline(config, device, as_json=args.json)
    plan = plan_config(config, device).plan
    problem = read_tuning(device.kind, device.name, config.run.threads).problem
    if problem:
        print_error(problem)
    if args.json:
        print_json(plan.to_dict())
    else:
        _print_plan(plan)
    try:
        refuse_if_infeasible(plan)
    except BudgetRefused as refusal:
        print_error(refusal.what, refusal.remedy)
        return refusal.exit_code
    return 0


def _profile(config: RunConfig) -> DeviceProfile:
    """The device of the run; without loading PyTorch where there can be no other device than the CPU."""
    device = config.run.device
    if device == "cpu" or (device == "auto" and not _has_cuda_driver()):
        return cpu_profile(config.run.threads)
    with importing():
        from slora_core.memory.devices import resolve_device
        from slora_core.running.profiles import job_profile
    return job_profile(config, resolve_device(device), announced_sizes(config))


def _has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _print_baseline(config: RunConfig, device: DeviceProfile, *, as_json: bool) -> int:
    """The seed implementation has no choices: its peak alone can be told."""
    from slora_core.baseline.plan import predicted_peak
    from slora_core.sources.workloads import workloads_of

    peak = max(predicted_peak(workload, config, device) for workload in workloads_of(config))
    if as_json:
        print_json({"engine": "baseline", "predicted_peak_bytes": peak})
    else:
        print(f"predicted peak of the baseline: {format_size(peak)}; it makes no plan and knows no budget")
    return 0


def _print_plan(plan: Plan) -> None:
    columns = ("stage", "predicted peak", "bound", "smallest budget", "time", "", "choice")
    rows = tuple(
        (
            row.stage,
            format_size(row.predicted_peak_bytes),
            format_size(row.bound_bytes),
            format_size(row.smallest_bytes),
            format_seconds(row.seconds),
            "binds" if row.binding else "",
            row.choice,
        )
        for row in planned_table(plan)
    )
    budget = "unlimited" if plan.budget_bytes is None else format_size(plan.budget_bytes)
    title = f"Plan for a budget of {budget}, policy {plan.policy}"
    print_tables([TextTable(title, columns, (False, *(True,) * 4, False, False), rows)])
    fits = "" if plan.budget_bytes is None else ", which fits" if plan.feasible else ", which does NOT fit"
    results_console().print(
        f"\npredicted peak {format_size(plan.predicted_peak_bytes)}, at most {format_size(plan.bound_bytes)}{fits}"
        f"\ntime {format_seconds(plan.seconds)}"
        f"\nsmallest feasible budget {format_size(plan.smallest_feasible_bytes)}"
        f" ({plan.smallest_feasible_bytes} bytes), binding stage {plan.binding_stage}",
        soft_wrap=True,
    )
