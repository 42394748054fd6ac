"""The tables of a tuning. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.studies.tuning.results import TuningResult


def tuning_tables(result: TuningResult) -> tuple[TextTable, ...]:
    """Trials, frontier, planned against tuned, and how well time is predicted."""
    return (
        _trials(result),
        _frontier(result),
        _whole_runs(result.outcome.get("whole_runs", {})),
        _predictions(result.outcome.get("prediction_errors", {})),
    )


def _trials(result: TuningResult) -> TextTable:
    rows = tuple(
        (
            trial.stage,
            trial.choice,
            trial.failure or format_seconds(trial.seconds),
            format_seconds(trial.modelled_s),
            format_size(trial.peak_bytes),
        )
        for trial in sorted(result.trials, key=lambda trial: (trial.stage, trial.seconds or float("inf")))
    )
    columns = ("stage", "option", "measured", "built-in model", "peak of the stage")
    return TextTable("Trials", columns, (False, False, True, True, True), rows)


def _frontier(result: TuningResult) -> TextTable:
    chosen = result.chosen
    rows = tuple(
        (
            format_size(point.peak_bytes),
            format_seconds(point.seconds),
            format_size(point.budget_bytes),
            "chosen" if chosen is not None and point.peak_bytes == chosen.peak_bytes else "",
        )
        for point in result.frontier
    )
    return TextTable(
        "Peak against time, measured options", ("peak", "time", "budget for it", ""), (True, True, True, False), rows
    )


def _whole_runs(runs: Mapping[str, list[Mapping[str, Any]]]) -> TextTable:
    rows = tuple(
        (
            policy,
            str(number),
            format_seconds(run["seconds"]),
            format_size(run["peak_allocated_bytes"]),
            format_size(run["peak_reserved_bytes"]),
        )
        for policy, found in runs.items()
        for number, run in enumerate(found, start=1)
    )
    columns = ("plan", "run", "time", "peak allocated", "peak reserved")
    return TextTable("Whole runs", columns, (False, True, True, True, True), rows)


def _predictions(errors: Mapping[str, float | None]) -> TextTable:
    rows = tuple((name, f"{100 * error:+.1f} %") for name, error in errors.items() if error is not None)
    return TextTable("Predicted time against whole runs", ("predicted by", "error"), (False, True), rows)
