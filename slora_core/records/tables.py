"""Tables of runs as text: titles, columns and cells for whoever draws them. Sizes in IEC units, nothing but data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from slora_core.memory.sizes import format_size
from slora_core.records.compare import Comparison, Metric, Unit, Value
from slora_core.records.deviation import Deviation
from slora_core.records.header import RunHeader, local_time
from slora_core.records.ranks import rank_summaries
from slora_core.records.run_file import RunFile
from slora_core.types import UNCOMPENSATED

NOT_AVAILABLE: Final = "not available"
_NAMES: Final = {
    "peak_allocated_bytes": "peak allocated",
    "peak_reserved_bytes": "peak reserved",
    "peak_rss_bytes": "peak RSS",
    "seconds": "time",
    "budget_bytes": "budget",
    "within_budget": "within budget",
}


@dataclass(frozen=True, slots=True)
class TextTable:
    """``columns`` are headings; ``numeric`` says which of them hold figures, to be aligned right."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def runs_table(runs: Sequence[RunHeader]) -> TextTable:
    rows = [
        (
            run.path.stem,
            local_time(run.started_at) or NOT_AVAILABLE,
            run.status,
            run.engine,
            run.source,
            run.operators,
            format_seconds(run.seconds),
            format_size(run.peak_allocated_bytes),
            "unlimited" if run.budget_bytes is None else format_size(run.budget_bytes),
            run.problem or run.note,
        )
        for run in runs
    ]
    columns = ("run", "started", "status", "engine", "source", "operators", "time", "peak", "budget", "note")
    return TextTable("Runs", columns, (*(False,) * 6, True, True, True, False), tuple(rows))


def stages_table(run: RunFile) -> TextTable:
    """Measured against predicted, stage by stage."""
    rows = [
        (
            stage.stage,
            format_seconds(stage.seconds),
            format_seconds(stage.predicted_s),
            format_size(stage.allocated_bytes),
            format_size(stage.predicted_peak_bytes),
            format_size(stage.reserved_bytes),
            format_size(stage.rss_bytes),
            {True: "", False: "not finished", None: "cut off"}[stage.completed],
        )
        for stage in run.stages()
    ]
    columns = ("stage", "time", "predicted", "peak allocated", "predicted", "peak reserved", "peak RSS", "")
    return TextTable("Stages", columns, (False, *(True,) * 6, False), tuple(rows))


def ranks_table(run: RunFile) -> TextTable:
    """The ranks of a distributed run side by side; no rows for a run of one process."""
    summaries = rank_summaries(run)
    rows = [
        (
            str(row.rank),
            format_seconds(row.seconds),
            format_size(row.allocated_bytes),
            format_size(row.reserved_bytes),
            format_size(row.rss_bytes),
            format_size(row.communicated_bytes),
        )
        for row in summaries
        if len(summaries) > 1
    ]
    columns = ("rank", "time", "peak allocated", "peak reserved", "peak RSS", "communicated")
    return TextTable("Ranks", columns, (True,) * 6, tuple(rows))


def accuracies_table(run: RunFile) -> TextTable:
    """Accuracy after the last task: one row a variant, one column a classifier."""
    known = run.accuracies()
    last = max((row.task for row in known), default=0)
    final = {(row.variant, row.classifier): row.accuracy for row in known if row.task == last}
    classifiers = tuple(dict.fromkeys(classifier for _, classifier in final))
    variants = dict.fromkeys(variant for variant, _ in final)
    rows = [
        (_variant(variant), *(format_value(final.get((variant, name)), "fraction") for name in classifiers))
        for variant in variants
    ]
    return TextTable("Accuracy", ("variant", *classifiers), (False, *(True,) * len(classifiers)), tuple(rows))


def comparison_tables(comparison: Comparison) -> tuple[TextTable, ...]:
    """Overall, by stage, and accuracy; groups without a metric that any run has are left out."""
    titles = {
        "overall": "Comparison",
        "operator": "Compensation by operator",
        "stage": "Comparison by stage",
        "accuracy": "Comparison of accuracies",
    }
    tables = []
    for group, title in titles.items():
        metrics = [m for m in comparison.metrics if m.group == group and any(v is not None for v in m.values)]
        if metrics:
            tables.append(_comparison_table(title, comparison.labels, metrics))
    return tuple(tables)


def deviations_table(deviations: Sequence[Deviation]) -> TextTable:
    rows = [
        (
            _variant(row.variant),
            str(row.classes),
            f"{row.mean:.2e}",
            f"{row.covariance:.2e}",
            f"{row.worst_mean:.2e} (class {row.worst_mean_class})",
            f"{row.worst_covariance:.2e} (class {row.worst_covariance_class})",
        )
        for row in deviations
    ]
    columns = ("variant", "classes", "mean", "covariance", "worst mean", "worst covariance")
    return TextTable("Relative Frobenius deviation", columns, (False, *(True,) * 5), tuple(rows))


def format_seconds(seconds: float | None) -> str:
    """``0.042 s``, ``12.3 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds is None:
        return NOT_AVAILABLE
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_value(value: Value, unit: Unit, signed: bool = False) -> str:
    if value is None:
        return NOT_AVAILABLE
    if unit == "flag":
        return "yes" if value else "no"
    sign = "+" if signed and value > 0 else ""
    if unit == "bytes":
        return sign + format_size(int(value))
    if unit == "fraction":
        return f"{sign}{100 * value:.2f} {'points' if signed else '%'}"
    return f"{sign}{value:.3g} s" if signed else format_seconds(value)


def _comparison_table(title: str, labels: Sequence[str], metrics: Sequence[Metric]) -> TextTable:
    others = range(1, len(labels))
    columns = ["metric", labels[0]]
    for index in others:
        columns += [labels[index], "difference", "ratio"]
    rows = []
    for metric in metrics:
        row = [_metric_name(metric), _metric_value(metric, 0)]
        for index in others:
            ratio = metric.ratios[index]
            row += [
                _metric_value(metric, index),
                "" if metric.unit == "flag" else format_value(metric.differences[index], metric.unit, signed=True),
                "" if ratio is None else f"{ratio:.3g}x",
            ]
        rows.append(tuple(row))
    return TextTable(title, tuple(columns), (False, *(True,) * (len(columns) - 1)), tuple(rows))


def _metric_value(metric: Metric, run: int) -> str:
    value = metric.values[run]
    return "unlimited" if value is None and metric.name == "budget_bytes" else format_value(value, metric.unit)


def _metric_name(metric: Metric) -> str:
    name = _NAMES.get(metric.name, metric.name)
    if metric.group == "accuracy":
        return metric.subject
    return f"{metric.subject}: {name}" if metric.subject else name


def _variant(name: str) -> str:
    return f"{name} (no compensation)" if name == UNCOMPENSATED else name or "(unnamed)"
