"""Baseline against optimised, and time against budget: one fresh process a run, ratios within one benchmark."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import RunMeasure, Say, measure
from slora_core.config import RunConfig
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.sizes import format_size
from slora_core.records.deviation import deviations
from slora_core.records.tables import TextTable, format_seconds
from slora_core.running.planning import plan_config
from slora_core.types import MIB

BUDGETS: Final = tuple(size * MIB for size in (4096, 1024, 512, 256, 128, 64, 48, 32, 24))


def compare_engines(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """Both engines on one workload with shared noise: seconds and peaks by stage, their ratios, and the deviation."""
    runs = {}
    for engine in ("baseline", "optimised"):
        say(f"{engine} in a fresh process")
        own = config.merged({"run": {"engine": engine}})
        runs[engine] = measure(own, folder / f"{engine}.safetensors")
    base, optimised = runs["baseline"], runs["optimised"]
    moved = deviations(base.state, optimised.state)
    rows = [_ratio_row("whole", _total(base), _total(optimised))]
    rows += [
        _ratio_row(stage, base.stages[stage], row) for stage, row in optimised.stages.items() if stage in base.stages
    ]
    columns = ("stage", "baseline", "optimised", "faster", "baseline peak", "optimised peak", "smaller")
    tables = [
        TextTable("Baseline against optimised", columns, (False, *(True,) * 6), tuple(rows)),
        TextTable(
            "Deviation from the baseline",
            ("operator", "mean", "covariance"),
            (False, True, True),
            tuple((row.variant, f"{row.mean:.1e}", f"{row.covariance:.1e}") for row in moved),
        ),
    ]
    data = {engine: _data(run) for engine, run in runs.items()}
    return tables, {**data, "deviations": [dataclasses.asdict(row) for row in moved]}


def compare_budgets(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """The optimised engine from an unlimited budget down to the smallest feasible one; deviation from unlimited."""
    unlimited = plan_config(config, profile_of(resolve_device(config.run.device), config.run.threads)).plan
    smaller = [size for size in BUDGETS if unlimited.smallest_feasible_bytes < size < unlimited.bound_bytes]
    base: RunMeasure | None = None
    rows, data = [], []
    for budget in (None, *smaller, unlimited.smallest_feasible_bytes):
        label = "unlimited" if budget is None else format_size(budget)
        say(f"budget {label}")
        run = measure(config.merged({"memory": {"budget": budget}}), folder / f"budget-{budget}.safetensors")
        base = base or run
        moved = deviations(base.state, run.state)
        worst = max(max(row.mean, row.covariance) for row in moved)
        used = run.peak_allocated_bytes if run.peak_reserved_bytes is None else run.peak_reserved_bytes
        rows.append(
            (
                label,
                format_size(run.peak_allocated_bytes),
                format_size(run.peak_reserved_bytes),
                format_seconds(run.seconds),
                f"{run.seconds / base.seconds:.2f}x",
                f"{worst:.1e}",
                "" if budget is None else "yes" if used <= budget else "NO",
            )
        )
        data.append({**_data(run), "worst_deviation": worst})
        if run is not base:
            run.state.unlink()
    columns = ("budget", "peak allocated", "peak reserved", "time", "against unlimited", "deviation", "within")
    return [TextTable("Time against budget", columns, (True,) * 7, tuple(rows))], {"budgets": data}


def _total(run: RunMeasure) -> tuple[float, int]:
    return run.seconds, run.peak_allocated_bytes


def _ratio_row(stage: str, base: tuple[float, int], other: tuple[float, int]) -> tuple[str, ...]:
    faster = f"{base[0] / other[0]:.1f}x" if other[0] > 0 else ""
    smaller = f"{base[1] / other[1]:.1f}x" if other[1] > 0 else ""
    return (
        stage,
        format_seconds(base[0]),
        format_seconds(other[0]),
        faster,
        format_size(base[1]),
        format_size(other[1]),
        smaller,
    )


def _data(run: RunMeasure) -> dict[str, Any]:
    data = dataclasses.asdict(run)
    del data["state"]
    return data
