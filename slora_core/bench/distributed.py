"""Several processes of one thread against one process of one thread, and the bytes that they exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import Say, measure
from slora_core.config import RunConfig
from slora_core.memory.sizes import format_size
from slora_core.records.deviation import deviations
from slora_core.records.tables import TextTable, format_seconds
from slora_core.studies.whole_run import RunFigures

LEAST_RANKS: Final = 2


def compare_ranks(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """Seconds of each stage by number of processes (``distributed.processes``, at least 2), of the slowest rank.

    Each rank has one thread. The last run has half the pairs: what is communicated must be the same.
    """
    ranks = max(LEAST_RANKS, config.distributed.processes)
    config = config.merged({"run": {"threads": 1}})
    runs = {}
    for label, size, pairs in (
        ("one", 1, config.source.pairs),
        ("several", ranks, config.source.pairs),
        ("half", ranks, config.source.pairs // 2),
    ):
        say(f"{size} processes of one thread, {pairs} pairs")
        own = config.merged({"distributed": {"processes": size}, "source": {"pairs": pairs}})
        runs[label] = measure(own, _state(folder, label))
    one, several, half = runs["one"], runs["several"], runs["half"]
    moved = deviations(_state(folder, "one"), _state(folder, "several"))
    worst = max(max(row.mean, row.covariance) for row in moved)
    rows = tuple(_row(stage, one, several, half) for stage in several.stages if stage in one.stages)
    columns = (
        "stage",
        "1 process",
        f"{ranks} processes",
        "faster",
        "peak a rank",
        "communicated",
        "with half the pairs",
    )
    tables = [TextTable(f"{ranks} processes against one, deviation {worst:.1e}", columns, (False, *(True,) * 6), rows)]
    data = {
        "ranks": ranks,
        "seconds": {label: {name: stage.seconds for name, stage in run.stages.items()} for label, run in runs.items()},
        "communicated_bytes": {
            label: {name: stage.communicated_bytes for name, stage in run.stages.items()} for label, run in runs.items()
        },
        "worst_deviation": worst,
    }
    return tables, data


def _state(folder: Path, label: str) -> Path:
    return folder / f"ranks-{label}.safetensors"


def _row(stage: str, one: RunFigures, several: RunFigures, half: RunFigures) -> tuple[str, ...]:
    alone, shared = one.stages[stage], several.stages[stage]
    fewer = half.stages.get(stage)
    return (
        stage,
        format_seconds(alone.seconds),
        format_seconds(shared.seconds),
        f"{alone.seconds / shared.seconds:.2f}x" if shared.seconds > 0 else "",
        format_size(shared.allocated_bytes),
        format_size(shared.communicated_bytes),
        format_size(fewer.communicated_bytes if fewer else None),
    )
