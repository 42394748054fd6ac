"""Runs as tidy CSV files: one observation a row, units in the header names, full precision.

UTF-8 with a byte-order mark, so that spreadsheets read it; a text that begins like a formula is made harmless. The set
is written whole or not at all.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeAlias

from slora_core.errors import OutputError
from slora_core.records.compare import Comparison, compare, run_labels
from slora_core.records.run_file import RunFile
from slora_core.records.schema import SAMPLE_COUNTERS

Row: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows that are CSV already: of the many samples of a long run, which are written twice as fast so."""

    lines: Iterable[str]


Table: TypeAlias = tuple[Row, Iterable[Row] | Lines]

_AS_THEY_ARE: Final = frozenset({int, float, type(None)})
"""What the csv module writes in full and as nothing."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_RUN_COLUMNS: Final = (
    "run_id",
    "started_at",
    "engine",
    "source",
    "operators",
    "device",
    "status",
    "budget_bytes",
    "seconds",
    "within_budget",
    "bound_peak_bytes",
    "note",
)
_STAGE_COLUMNS: Final = (
    "rank",
    "stage",
    "parent",
    "started_s",
    "seconds",
    "predicted_s",
    "predicted_peak_bytes",
    "allocated_bytes",
    "reserved_bytes",
    "rss_bytes",
    "live_after_bytes",
    "communicated_bytes",
    "completed",
)
_ACCURACY_COLUMNS: Final = ("task", "classes_seen", "variant", "classifier")
_STAGE_HEADER: Final = tuple(
    f"peak_{name}" if name in ("allocated_bytes", "reserved_bytes", "rss_bytes") else name for name in _STAGE_COLUMNS
)


def export_runs(runs: Sequence[RunFile], folder: str | Path) -> tuple[Path, ...]:
    """Write runs.csv, stages.csv, samples.csv, accuracies.csv and, for two runs or more, comparison.csv.

    The column ``run`` of each is the run's label. Replaces files of these names. Raises OutputError.
    """
    return write_tables({f"{name}.csv": table for name, table in run_tables(runs).items()}, Path(folder))


def run_tables(runs: Sequence[RunFile]) -> dict[str, Table]:
    """Header and rows of every table of ``runs`` by name; ``comparison`` for two runs or more."""
    labelled = tuple(zip(run_labels(runs), runs, strict=True))
    tables: dict[str, Table] = {
        "runs": (
            ("run", *_RUN_COLUMNS, "peak_allocated_bytes", "peak_reserved_bytes", "peak_rss_bytes"),
            ((label, *_run_cells(run)) for label, run in labelled),
        ),
        "stages": (
            ("run", *_STAGE_HEADER),
            (
                (label, *_cells_of(stage, _STAGE_COLUMNS))
                for label, run in labelled
                for rank in run.ranks()
                for stage in run.stages(rank)
            ),
        ),
        "samples": (
            ("run", "rank", "t_s", "stage", *SAMPLE_COUNTERS),
            Lines(line for label, run in labelled for rank in run.ranks() for line in _sample_lines(label, run, rank)),
        ),
        "accuracies": (
            ("run", *_ACCURACY_COLUMNS, "accuracy_fraction"),
            (
                (label, *_cells_of(row, _ACCURACY_COLUMNS), row.accuracy)
                for label, run in labelled
                for row in run.accuracies()
            ),
        ),
    }
    if len(runs) > 1:
        tables["comparison"] = comparison_table(compare(runs))
    return tables


def comparison_table(comparison: Comparison) -> Table:
    """One row a metric and run; ``unit`` says in what ``value`` and ``difference`` are."""
    header = ("run", "base_run", "group", "subject", "metric", "unit", "value", "difference", "ratio")
    base = comparison.labels[0]
    rows = (
        (label, base, metric.group, metric.subject, metric.name, metric.unit, *figures)
        for metric in comparison.metrics
        for label, *figures in zip(comparison.labels, metric.values, metric.differences, metric.ratios, strict=True)
    )
    return header, rows


def write_tables(tables: Mapping[str, Table], folder: Path) -> tuple[Path, ...]:
    """Write header and rows under each file name in ``folder``; all are complete before the first is put in place.

    Raises OutputError; then no file has changed and none is half-written.
    """
    created = not folder.exists()
    fresh: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (header, rows) in tables.items():
            temporary = folder / f".{name}.{os.getpid()}.new"
            fresh[temporary] = folder / name
            _write(temporary, header, rows)
        for temporary, path in fresh.items():
            temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            for temporary in fresh:
                temporary.unlink(missing_ok=True)
            if created:
                folder.rmdir()
        if isinstance(error, OSError):
            raise OutputError(f"CSV files cannot be written to {str(folder)!r}: {error.strerror}") from None
        raise
    return tuple(fresh.values())


def _write(path: Path, header: Row, rows: Iterable[Row] | Lines) -> None:
    # Python encodes "utf-8" in C and "utf-8-sig" in Python, a call a row: the mark is written by hand.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(_BYTE_ORDER_MARK)
        writer = csv.writer(file)
        writer.writerow(header)
        if isinstance(rows, Lines):
            file.writelines(rows.lines)
        else:
            writer.writerows([v if v.__class__ in _AS_THEY_ARE else _cell(v) for v in row] for row in rows)
        file.flush()
        os.fsync(file.fileno())


def _cell(value: Any) -> str:
    """Text as it is, or behind an apostrophe where a spreadsheet would calculate it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _sample_lines(label: str, run: RunFile, rank: int) -> Iterator[str]:
    pattern = _line([label, rank]).replace("%", "%%") + ",%r,%s" + ",%s" * len(SAMPLE_COUNTERS) + "\r\n"
    stages: dict[str, str] = {}
    for row in run.sample_rows(rank):
        stage = stages.get(row[1]) or stages.setdefault(row[1], _line([row[1]]))
        counters = row[2:] if None not in row else ["" if size is None else size for size in row[2:]]
        yield pattern % (row[0], stage, *counters)


def _line(row: Row) -> str:
    """The cells of a row as CSV, without the end of the line."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow([_cell(value) for value in row])
    return text.getvalue()


def _cells_of(record: object, columns: Sequence[str]) -> Iterator[Any]:
    return (getattr(record, name) for name in columns)


def _run_cells(run: RunFile) -> Row:
    peaks = run.peaks
    return (*_cells_of(run.header, _RUN_COLUMNS), peaks.allocated_bytes, peaks.reserved_bytes, peaks.rss_bytes)
