"""The tables of a run file, its identity and its versions.

A run file is one SQLite database with a rollback journal, so that a finished file is one file. ``application_id``
says that it is a run of SLoRA, ``user_version`` in which version of this schema it was written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

APPLICATION_ID: Final = 0x534C6F52  # "SLoR"
SCHEMA_VERSION: Final = 2
SUFFIX: Final = ".slora"

SAMPLE_COUNTERS: Final = (
    "allocated_bytes",
    "reserved_bytes",
    "process_bytes",
    "device_used_bytes",
    "device_total_bytes",
    "rss_bytes",
    "tensor_ram_bytes",
)
"""Columns of ``samples`` after time and stage; NULL is "not available"."""

Migration = Callable[[sqlite3.Connection], None]


def _add_ranks(connection: sqlite3.Connection) -> None:
    """Version 1 knew one process, which is rank 0."""
    for table in ("stages", "samples", "notices"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN rank INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE stages ADD COLUMN communicated_bytes INTEGER")


MIGRATIONS: Final[dict[int, Migration]] = {1: _add_ranks}
"""From a version to the next one. Applied to a copy in memory: an old file is never rewritten."""

_TABLES: Final = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stages (
    id INTEGER PRIMARY KEY, stage TEXT NOT NULL, parent TEXT NOT NULL, started_s REAL NOT NULL,
    predicted_peak_bytes INTEGER, predicted_s REAL, seconds REAL, allocated_bytes INTEGER, reserved_bytes INTEGER,
    rss_bytes INTEGER, live_after_bytes INTEGER, completed INTEGER, rank INTEGER NOT NULL DEFAULT 0,
    communicated_bytes INTEGER
);
CREATE TABLE stage_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE samples (
    id INTEGER PRIMARY KEY, t_s REAL NOT NULL, stage INTEGER NOT NULL REFERENCES stage_names (id),
    {", ".join(f"{counter} INTEGER" for counter in SAMPLE_COUNTERS)}, rank INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE notices (
    id INTEGER PRIMARY KEY, t_s REAL NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, stage TEXT NOT NULL,
    data TEXT NOT NULL, rank INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE tasks (task INTEGER PRIMARY KEY, t_s REAL NOT NULL, tasks INTEGER NOT NULL, classes_seen INTEGER);
CREATE TABLE accuracies (
    id INTEGER PRIMARY KEY, task INTEGER NOT NULL, variant TEXT NOT NULL, classifier TEXT NOT NULL,
    accuracy REAL NOT NULL, UNIQUE (task, variant, classifier)
);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Turn an empty database into an empty run file of this version."""
    connection.executescript(
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; BEGIN; {_TABLES} COMMIT;"
    )
