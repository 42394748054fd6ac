"""How results and errors leave the command line: tables, one JSON document, sentences."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from slora_core.errors import SloraError
from slora_core.records.tables import TextTable
from slora_core.streams.streaming import failure_of

_UNCUT: Final = 10_000
"""Columns of what is not a terminal: nothing is wrapped."""


def results_console() -> Console:
    """Standard output: tables as wide as a terminal is, and uncut in a pipe or a file."""
    return Console(width=None if sys.stdout.isatty() else _UNCUT, highlight=False)


def errors_console() -> Console:
    """Standard error, for progress, notices and errors: standard output holds results alone."""
    return Console(stderr=True, soft_wrap=not sys.stderr.isatty(), highlight=False)


def print_tables(tables: Iterable[TextTable]) -> None:
    """Tables that have rows, an empty line between them."""
    console = results_console()
    for number, table in enumerate(table for table in tables if table.rows):
        if number:
            console.print()
        if table.title:
            console.print(escape(table.title), style="italic", soft_wrap=True)
        console.print(drawn(table))


def drawn(table: TextTable) -> Table:
    """A table without its title; where a terminal is too narrow cells are folded, those of the first column never."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, (name, numeric) in enumerate(zip(table.columns, table.numeric, strict=True)):
        grid.add_column(name, justify="right" if numeric else "left", no_wrap=number == 0, overflow="fold")
    if table.columns:
        grid.columns[0].min_width = max(len(text) for text in (table.columns[0], *(row[0] for row in table.rows)))
    for row in table.rows:
        grid.add_row(*(escape(cell) for cell in row))
    return grid


def print_json(data: Any) -> None:
    """The one JSON document of a command; ASCII, so that any terminal and any path will do.

    JSON knows no number that is not finite: NaN and infinities are null.
    """
    print(json.dumps(_finite(data), default=str, allow_nan=False))


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(value) for value in data] if isinstance(data, (list, tuple)) else data


def error_data(error: SloraError) -> dict[str, Any]:
    """An error before a run began, as :func:`~slora_core.cli.execution.outcome_data` gives one of a run."""
    kind = failure_of(error, 0.0).kind
    return {"exit_code": error.exit_code, "error": {"kind": kind, "what": error.what, "remedy": error.remedy}}


def print_error(what: str, remedy: str = "") -> None:
    """One sentence on standard error, and what to do about it on a second line."""
    print(f"slora: {what}", file=sys.stderr)
    if remedy:
        print(f"       {remedy}", file=sys.stderr)
