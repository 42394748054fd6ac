"""What a list of runs shows of each: read from the table ``meta`` alone, so that hundreds are listed at once."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil

from slora_core.errors import InputError
from slora_core.records.database import explained, open_for_reading

STATUSES: Final = ("finished", "failed", "cancelled", "interrupted", "running", "unreadable")


@dataclass(frozen=True, slots=True)
class RunHeader:
    """A run at a glance. ``status`` is one of STATUSES; ``problem`` says why a file is unreadable.

    ``started_at`` is ISO 8601 with its offset from UTC; ``device`` is the one that the run had, or asked for where it
    came to none. ``bound_peak_bytes`` is the peak of what the budget binds, where that is not all of the run. None is
    "not available".
    """

    path: Path
    status: str
    run_id: str = ""
    started_at: str = ""
    engine: str = ""
    source: str = ""
    operators: str = ""
    device: str = ""
    budget_bytes: int | None = None
    seconds: float | None = None
    peak_allocated_bytes: int | None = None
    peak_reserved_bytes: int | None = None
    peak_rss_bytes: int | None = None
    within_budget: bool | None = None
    bound_peak_bytes: int | None = None
    note: str = ""
    problem: str = ""


_NUMBERS: Final = (
    "budget_bytes",
    "seconds",
    "peak_allocated_bytes",
    "peak_reserved_bytes",
    "peak_rss_bytes",
    "bound_peak_bytes",
)
_TEXTS: Final = ("run_id", "started_at", "engine", "source", "operators", "device", "note")


def read_header(path: Path) -> RunHeader:
    """The header of a run file; a file that cannot be read has the status "unreadable", not an exception."""
    try:
        with closing(open_for_reading(path)) as connection, explained(path):
            return header_from_meta(path, _meta(connection))
    except InputError as error:
        return RunHeader(path, "unreadable", problem=error.what)


def header_from_meta(path: Path, meta: Mapping[str, Any]) -> RunHeader:
    within = meta.get("within_budget")
    values: dict[str, Any] = {name: meta.get(name) for name in _NUMBERS}
    values |= {name: str(meta.get(name) or "") for name in _TEXTS}
    values["within_budget"] = None if within is None else bool(within)
    return RunHeader(path, meta.get("status") or ("running" if _writer_lives(meta) else "interrupted"), **values)


def local_time(started_at: str, *, offset: bool = False) -> str | None:
    """``started_at`` in this machine's time zone, with the ``offset`` from UTC if asked for; None for no time."""
    try:
        return datetime.fromisoformat(started_at).astimezone().strftime(f"%Y-%m-%d %H:%M:%S{' %z' if offset else ''}")
    except ValueError:
        return None


def _meta(connection: sqlite3.Connection) -> dict[str, Any]:
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def _writer_lives(meta: Mapping[str, Any]) -> bool:
    """Whether the process that records this run is alive on this host; another one may have got its number since."""
    pid = meta.get("writer_pid")
    if pid is None or meta.get("host") != platform.node():
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - (meta.get("writer_started_s") or 0.0)) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
