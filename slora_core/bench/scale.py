"""Cost per pair from ten thousand to a million pairs of a mapped file, in one small budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import Say, measure
from slora_core.config import RunConfig
from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds

PAIRS: Final = (10_000, 100_000, 1_000_000)


def measure_scale(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """``dim`` 256, two classes of 500 samples, 256 MiB: seconds per pair of what depends on N, and resident memory."""
    rows, data = [], []
    for pairs in PAIRS:
        say(f"{pairs} pairs")
        own = config.merged(
            {
                "source": {"kind": "synthetic", "pairs": pairs, "dim": 256, "classes": 2},
                "operators": {
                    "names": ["linear", "weaknonlinear", "attention", "rff"],
                    "weaknonlinear": {"steps": 400},
                    "attention": {"samples": 500},
                    "rff": {"samples": 500},
                },
                "memory": {"budget": "256MiB"},
            }
        )
        state = folder / f"scale-{pairs}.safetensors"
        run = measure(own, state)
        state.unlink()
        seconds = {stage: run.stages[stage][0] for stage in ("scan", "linear.fit", "attention.move", "rff.fit")}
        rows.append(
            (
                f"{pairs:,}",
                *(f"{1e6 * value / pairs:.2f} µs" for value in seconds.values()),
                format_seconds(run.stages["weaknonlinear.fit"][0]),
                format_size(run.peak_allocated_bytes),
                format_size(run.peak_rss_bytes),
            )
        )
        data.append(
            {"pairs": pairs, "seconds": seconds, "peak": run.peak_allocated_bytes, "peak_rss": run.peak_rss_bytes}
        )
    columns = (
        "pairs",
        "scan a pair",
        "linear fit a pair",
        "attention a pair",
        "rff fit a pair",
        "weak-nonlinear fit",
        "peak",
        "peak RSS",
    )
    return [TextTable("Scale, d = 256, budget 256 MiB", columns, (True,) * 8, tuple(rows))], {"scale": data}
