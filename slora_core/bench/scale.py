"""Cost per pair, and on a GPU per class and pair, of ever larger workloads in one small budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from slora_core.bench.measure import Say, measure
from slora_core.config import RunConfig
from slora_core.memory.devices import resolve_device
from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.studies.whole_run import RunFigures

ON_CPU: Final = ((10_000, 2), (100_000, 2), (1_000_000, 2))
ON_GPU: Final = ((100_000, 100), (100_000, 1000), (1_000_000, 100), (1_000_000, 1000))
"""(pairs, classes)."""
SAMPLES: Final = 500


def measure_scale(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """On a CPU d = 256, two classes, 256 MiB; on a GPU d = 768, up to 1,000 classes, 1 GiB. 500 samples a class."""
    on_gpu = resolve_device(config.run.device).type == "cuda"
    dim, budget = (768, "1GiB") if on_gpu else (256, "256MiB")
    runs = []
    for pairs, classes in ON_GPU if on_gpu else ON_CPU:
        say(f"{pairs:,} pairs, {classes} classes")
        own = config.merged(
            {
                "source": {"kind": "synthetic", "pairs": pairs, "dim": dim, "classes": classes},
                "operators": {
                    "names": ["linear", "weaknonlinear", "attention", "rff"],
                    "weaknonlinear": {"steps": 400, "samples": SAMPLES},
                    "attention": {"samples": SAMPLES},
                    "rff": {"samples": SAMPLES},
                },
                "memory": {"budget": budget},
            }
        )
        state = folder / f"scale-{pairs}-{classes}.safetensors"
        run = measure(own, state)
        runs.append((pairs, classes, run))
        say(f"{format_seconds(run.seconds)}, attention {format_seconds(run.stages['attention.move'].seconds)}")
        state.unlink()
    table = _per_pair(dim, budget, runs) if not on_gpu else _per_class_and_pair(dim, budget, runs)
    data = [{"pairs": pairs, "classes": classes, **run.to_dict()} for pairs, classes, run in runs]
    return [table], {"scale": data}


def _per_pair(dim: int, budget: str, runs: Sequence[tuple[int, int, RunFigures]]) -> TextTable:
    stages = ("scan", "linear.fit", "attention.move", "rff.fit")
    rows = [
        (
            f"{pairs:,}",
            *(f"{1e6 * run.stages[stage].seconds / pairs:.2f} µs" for stage in stages),
            format_seconds(run.stages["weaknonlinear.fit"].seconds),
            format_size(run.peak_allocated_bytes),
            format_size(run.peak_rss_bytes),
        )
        for pairs, _, run in runs
    ]
    columns = ("pairs", *(f"{stage} a pair" for stage in stages), "weaknonlinear.fit", "peak", "peak RSS")
    return TextTable(f"Scale, d = {dim}, budget {budget}", columns, (True,) * len(columns), tuple(rows))


def _per_class_and_pair(dim: int, budget: str, runs: Sequence[tuple[int, int, RunFigures]]) -> TextTable:
    rows = [
        (
            f"{pairs:,}",
            f"{classes:,}",
            format_seconds(run.stages["attention.move"].seconds),
            f"{1e9 * run.stages['attention.move'].seconds / pairs / classes:.3f} ns",
            format_seconds(run.stages["weaknonlinear.move"].seconds),
            format_seconds(run.seconds),
            format_size(run.peak_allocated_bytes),
            format_size(run.peak_reserved_bytes),
            format_size(run.peak_rss_bytes),
        )
        for pairs, classes, run in runs
    ]
    figures = ("attention", "a class and pair", "weak-nonlinear move", "whole")
    columns = ("pairs", "classes", *figures, "peak allocated", "peak reserved", "peak RSS")
    return TextTable(f"Scale, d = {dim}, budget {budget}", columns, (True,) * len(columns), tuple(rows))
