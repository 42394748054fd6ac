"""Baseline against optimised, and time against budget: one fresh process a run, ratios within one benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import Say, measure
from slora_core.config import RunConfig
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.matrix_workspace import in_own_process
from slora_core.memory.sizes import format_size
from slora_core.records.deviation import deviations
from slora_core.records.tables import TextTable, format_seconds
from slora_core.running.planning import plan_config
from slora_core.studies.whole_run import RunFigures, StageFigures
from slora_core.types import MIB

BUDGETS: Final = tuple(size * MIB for size in (4096, 1024, 512, 256, 128, 64, 48, 32, 24))


def compare_engines(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """Both engines on one workload with shared noise: seconds and peaks by stage, their ratios, and the deviation."""
    runs, states = {}, {engine: folder / f"{engine}.safetensors" for engine in ("baseline", "optimised")}
    for engine, state in states.items():
        say(f"{engine} in a fresh process")
        runs[engine] = measure(config.merged({"run": {"engine": engine}}), state)
    base, optimised = runs["baseline"], runs["optimised"]
    moved = deviations(*states.values())
    tables = [
        _engines_table(base, optimised),
        TextTable(
            "Deviation from the baseline",
            ("operator", "mean", "covariance"),
            (False, True, True),
            tuple(
                (row.variant or config.operators.names[0], f"{row.mean:.1e}", f"{row.covariance:.1e}") for row in moved
            ),
        ),
    ]
    data = {engine: run.to_dict() for engine, run in runs.items()}
    return tables, {**data, "deviations": [dataclasses.asdict(row) for row in moved]}


def compare_budgets(
    config: RunConfig, folder: Path, say: Say, budgets: Sequence[int] = ()
) -> tuple[list[TextTable], dict[str, Any]]:
    """The optimised engine from an unlimited budget down to the smallest feasible one; deviation from unlimited.

    Without ``budgets``, in bytes, those of ``BUDGETS`` that make a difference; those that are refused are left out.
    """
    device = in_own_process(profile_of(resolve_device(config.run.device), config.run.threads))
    unlimited = plan_config(config, device).plan
    largest = max(budgets, default=unlimited.bound_bytes - 1)
    smaller = [size for size in budgets or BUDGETS if unlimited.smallest_feasible_bytes < size <= largest]
    base: RunFigures | None = None
    unbudgeted = folder / "budget-none.safetensors"
    rows, data = [], []
    for budget in (None, *smaller, unlimited.smallest_feasible_bytes):
        label = "unlimited" if budget is None else format_size(budget)
        say(f"budget {label}")
        state = unbudgeted if budget is None else folder / "budget.safetensors"
        run = measure(config.merged({"memory": {"budget": budget}}), state)
        base = base or run
        moved = deviations(unbudgeted, state)
        worst = max(max(row.mean, row.covariance) for row in moved)
        used = run.peak_allocated_bytes if run.peak_reserved_bytes is None else run.peak_reserved_bytes
        rows.append(
            (
                label,
                format_size(run.peak_allocated_bytes),
                format_size(run.peak_reserved_bytes),
                format_seconds(run.seconds),
                _ratio(run.seconds, base.seconds, 2),
                f"{worst:.1e}",
                "" if budget is None or used is None else "yes" if used <= budget else "NO",
            )
        )
        data.append({"budget_bytes": budget, **run.to_dict(), "worst_deviation": worst})
    columns = ("budget", "peak allocated", "peak reserved", "time", "against unlimited", "deviation", "within")
    return [TextTable("Time against budget", columns, (True,) * 7, tuple(rows))], {"budgets": data}


def _engines_table(base: RunFigures, optimised: RunFigures) -> TextTable:
    """What a pool of a device reserved is a number of its own there."""
    pairs = [("whole", _whole(base), _whole(optimised))]
    pairs += [(name, base.stages[name], stage) for name, stage in optimised.stages.items() if name in base.stages]
    columns = ["stage", "baseline", "optimised", "faster", "baseline peak", "optimised peak", "smaller"]
    rows = [_ratio_row(*pair) for pair in pairs]
    if base.peak_reserved_bytes is not None:
        columns += ["baseline reserved", "optimised reserved"]
        for row, (_, *engines) in zip(rows, pairs, strict=True):
            row += [format_size(engine.reserved_bytes) for engine in engines]
    numeric = (False, *(True,) * (len(columns) - 1))
    return TextTable("Baseline against optimised", tuple(columns), numeric, tuple(map(tuple, rows)))


def _whole(run: RunFigures) -> StageFigures:
    return StageFigures(run.seconds or 0.0, run.peak_allocated_bytes, run.peak_reserved_bytes)


def _ratio_row(stage: str, base: StageFigures, other: StageFigures) -> list[str]:
    return [
        stage,
        format_seconds(base.seconds),
        format_seconds(other.seconds),
        _ratio(base.seconds, other.seconds),
        format_size(base.allocated_bytes),
        format_size(other.allocated_bytes),
        _ratio(base.allocated_bytes, other.allocated_bytes),
    ]


def _ratio(value: float | None, base: float | None, digits: int = 1) -> str:
    return f"{value / base:.{digits}f}x" if value is not None and base else ""
