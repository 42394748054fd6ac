"""Opens a run file for reading: checks what it is, finishes what a killed writer began, migrates old versions.

Every refusal is an InputError that names the file and says why.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from slora_core.errors import InputError
from slora_core.records.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

BUSY_TIMEOUT_S: Final = 5.0
_MAGIC: Final = b"SQLite format 3\x00"
_HEAD_BYTES: Final = 100  # https://www.sqlite.org/fileformat2.html#the_database_header
_USER_VERSION: Final = slice(60, 64)
_APPLICATION_ID: Final = slice(68, 72)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection to a run file of the current schema; the file itself is not changed."""
    version = _check_head(path)
    with explained(path):
        connection = _connect_recovered(path)
        return connection if version == SCHEMA_VERSION else _migrated(connection, version)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what SQLite or JSON say of a damaged or locked file into an InputError."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise InputError(f"run file {str(path)!r} is being written and cannot be read now", "try again") from error
        raise InputError(f"run file {str(path)!r} is damaged: {error}") from error
    except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"run file {str(path)!r} is damaged: {error}") from error


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in ``mode`` "ro" or "rw"; never creates a file. Usable from any thread."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _check_head(path: Path) -> int:
    """The schema version, from the first bytes of the file, which never change after its creation."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except IsADirectoryError:
        raise InputError(f"run file {str(path)!r} is a folder: expected a file that ends in .slora") from None
    except OSError as error:
        raise InputError(f"run file {str(path)!r} cannot be read: {error.strerror}") from None
    if not head:
        raise InputError(f"run file {str(path)!r} is empty: expected a run recorded by SLoRA")
    if not head.startswith(_MAGIC):
        raise InputError(f"{str(path)!r} is not a run file: it does not begin like one (an SQLite database)")
    if int.from_bytes(head[_APPLICATION_ID], "big") != APPLICATION_ID:
        raise InputError(f"{str(path)!r} is an SQLite database, but not a run recorded by SLoRA")
    version = int.from_bytes(head[_USER_VERSION], "big")
    if version > SCHEMA_VERSION:
        raise InputError(
            f"run file {str(path)!r} has schema version {version}; this SLoRA reads up to {SCHEMA_VERSION}",
            "update SLoRA",
        )
    if any(number not in MIGRATIONS for number in range(version, SCHEMA_VERSION)):
        raise InputError(f"run file {str(path)!r} has schema version {version}, which this SLoRA cannot read")
    return version


def _connect_recovered(path: Path) -> sqlite3.Connection:
    """Read-only, after the last transaction of a killed writer has been rolled back."""
    connection = connect(path, "ro")
    try:
        connection.execute("PRAGMA schema_version").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    try:
        _roll_back(path)
    except sqlite3.OperationalError:
        return _recovered_copy(path)
    return connect(path, "ro")


def _roll_back(path: Path) -> None:
    with closing(connect(path, "rw")) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _recovered_copy(path: Path) -> sqlite3.Connection:
    """The recovered file in memory, where its own folder cannot be written."""
    with tempfile.TemporaryDirectory(prefix="slora-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(f"{path}-journal", f"{copy}-journal")
        with closing(connect(copy, "rw")) as source:
            return _in_memory(source)


def _migrated(connection: sqlite3.Connection, version: int) -> sqlite3.Connection:
    with closing(connection):
        copy = _in_memory(connection)
    for number in range(version, SCHEMA_VERSION):
        MIGRATIONS[number](copy)
    return copy


def _in_memory(source: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    source.backup(copy)
    return copy
