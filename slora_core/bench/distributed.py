"""Several processes of one thread against one process of one thread, and the bytes that they exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import RunMeasure, Say, measure
from slora_core.config import RunConfig
from slora_core.memory.sizes import format_size
from slora_core.records.deviation import deviations
from slora_core.records.tables import TextTable, format_seconds

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
        runs[label] = measure(own, folder / f"ranks-{label}.safetensors")
    one, several, half = runs["one"], runs["several"], runs["half"]
    moved = deviations(one.state, several.state)
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
        "seconds": {label: {stage: row[0] for stage, row in run.stages.items()} for label, run in runs.items()},
        "communicated_bytes": {label: run.communicated for label, run in runs.items()},
        "worst_deviation": worst,
    }
    return tables, data


def _row(stage: str, one: RunMeasure, several: RunMeasure, half: RunMeasure) -> tuple[str, ...]:
    (alone_s, _), (shared_s, peak) = one.stages[stage], several.stages[stage]
    return (
        stage,
        format_seconds(alone_s),
        format_seconds(shared_s),
        f"{alone_s / shared_s:.2f}x" if shared_s > 0 else "",
        format_size(peak),
        format_size(several.communicated.get(stage)),
        format_size(half.communicated.get(stage)),
    )
