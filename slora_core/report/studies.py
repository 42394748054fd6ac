"""Reads what a report needs of each ablation, once; and its effects as a table of bare figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from slora_core.records.export_csv import Table
from slora_core.studies.ablation.effects import Effect, Spread
from slora_core.studies.ablation.measures import cases
from slora_core.studies.ablation.results import Ablation, recorded_ablation
from slora_core.studies.study_file import read_study

_PLAIN: Final = (
    "view",
    "measure",
    "priority",
    "peak_without_bytes",
    "peak_with_bytes",
    "reserved_without_bytes",
    "reserved_with_bytes",
)


@dataclass(frozen=True, slots=True)
class ReadAblation:
    """One ablation, read. ``runs`` of ``runs_planned`` are measured; ``label`` is its name in the report."""

    label: str
    started_at: str
    config: Mapping[str, Any]
    runs: int
    runs_planned: int
    finished: bool
    ablation: Ablation

    @property
    def environment(self) -> Mapping[str, Any]:
        return self.ablation.environment


def read_ablations(paths: Sequence[Path]) -> tuple[ReadAblation, ...]:
    """Raises InputError for a file that holds no ablation."""
    found: list[ReadAblation] = []
    for number, path in enumerate(paths):
        again = sum(other.stem == path.stem for other in paths[:number])
        found.append(_read(path, f"{path.stem} ({again + 1})" if again else path.stem))
    return tuple(found)


def _read(path: Path, label: str) -> ReadAblation:
    record = read_study(path)
    ablation = recorded_ablation(record)
    repeats = record.settings.get("repeats", 1)
    runs = len({(line["case"], line.get("repeat")) for line in record.of_kind("trial")})
    return ReadAblation(
        label,
        record.started_at,
        record.config,
        runs,
        len(cases()) * repeats,
        record.finished is not None,
        ablation,
    )


def effects_table(studies: Sequence[ReadAblation]) -> Table:
    """Header and rows: one row a study, view and measure; fractions, bytes and seconds."""
    header = (
        "study",
        *_PLAIN,
        "expected_least_fraction",
        "expected_most_fraction",
        "saving_fraction",
        "saving_reserved_fraction",
        "best_stage",
        "best_stage_saving_fraction",
        *(f"{name}_{part}_s" for name in ("without", "with") for part in ("least", "median", "most")),
        *(f"time_change_{part}_fraction" for part in ("least", "median", "most")),
        "repetitions",
        "deviation",
        "accuracy_change_fraction",
        "effect",
    )
    return header, ((study.label, *_cells(effect)) for study in studies for effect in study.ablation.effects)


def _cells(effect: Effect) -> tuple[Any, ...]:
    return (
        *(getattr(effect, name) for name in _PLAIN),
        *(effect.expected or (None, None)),
        effect.saving,
        effect.saving_reserved,
        effect.best_stage,
        effect.best_stage_saving,
        *_parts(effect.seconds_without),
        *_parts(effect.seconds_with),
        *_parts(effect.time_change),
        effect.time_change and effect.time_change.runs,
        effect.deviation,
        effect.accuracy_change,
        effect.failure or effect.verdict,
    )


def _parts(spread: Spread | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if spread is None else (spread.least, spread.median, spread.most)
