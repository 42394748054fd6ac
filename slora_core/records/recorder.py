"""Writes a run file as the run goes, so that a kill at any moment loses less than a second.

Events are collected and committed by a thread of the recorder, in one short transaction at most every half second:
the engine never waits for the disk, and a killed process leaves at most one transaction to roll back.
"""

from __future__ import annotations

import atexit
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psutil

from slora_core.errors import OutputError
from slora_core.events import FINAL_EVENTS, Event, RunCancelledEvent
from slora_core.records.database import BUSY_TIMEOUT_S
from slora_core.records.inserts import EventInserter
from slora_core.records.schema import create_tables
from slora_core.streams.streaming import failure_of

COMMIT_INTERVAL_S: Final = 0.5
_LOCKED: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_ATTEMPTS_AT_CLOSE: Final = 6


class RunRecorder:
    """An open run file. :meth:`write` events from one thread, then :meth:`close`; or use as a context manager.

    Raises OutputError when the file exists or cannot be written, on creation or, once the disk is full say, on a
    later call; what was committed until then stays readable.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._pending: list[Event] = []
        self._wake = threading.Condition()
        self._closing = False
        self._error: Exception | None = None
        self._connection = _create(self.path)
        self._inserter = EventInserter(self._connection)
        self._thread = threading.Thread(target=self._work, name="slora-recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # its thread is frozen after this

    def __enter__(self) -> RunRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._closing

    def write(self, event: Event) -> None:
        with self._wake:
            self._raise_error()
            if self._closing:
                raise ValueError(f"the recorder of {str(self.path)!r} is closed")
            self._pending.append(event)
            if len(self._pending) == 1:  # else its thread knows already
                self._wake.notify()

    def close(self) -> None:
        """Commit what is left. A run without a final event then counts as interrupted."""
        atexit.unregister(self.close)
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._connection.close()
        self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise OutputError(
                f"run file {str(self.path)!r} cannot be written any more: {self._error}",
                "free space on the disk, or record to another folder",
            ) from self._error

    def _work(self) -> None:
        try:
            while self._take_and_commit():
                pass
        except Exception as error:
            with self._wake:
                self._error = error

    def _take_and_commit(self) -> bool:
        """One round: wait for events, commit them, rest until the next commit is due; False at the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._pending or self._closing)
            batch, self._pending = self._pending, []
            last = self._closing
        self._commit(batch, last)
        with self._wake:
            self._wake.wait_for(lambda: self._closing, timeout=COMMIT_INTERVAL_S)
        return not last

    def _commit(self, batch: list[Event], last: bool) -> None:
        attempts = 0
        while True:
            try:
                self._connection.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:  # somebody reads for longer than the timeout: try again
                attempts += 1
                if error.sqlite_errorcode not in _LOCKED or (last and attempts >= _ATTEMPTS_AT_CLOSE):
                    raise
        try:
            for event in batch:
                self._inserter.insert(event)
            if last:
                self._inserter.set_meta({"writer_pid": None})
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


def record(stream: Iterable[Event], path: str | Path) -> Generator[Event, None, None]:
    """Pass the events of ``stream`` through while writing them to the new run file ``path``.

    Closing this iterator early closes ``stream`` and records the run as cancelled. An error of the stream is recorded
    and raised again.
    """
    last_s = 0.0
    final: Event | None = None
    with RunRecorder(path) as recorder:
        try:
            for event in stream:
                recorder.write(event)
                last_s = max(last_s, event.t_s)
                final = event if isinstance(event, FINAL_EVENTS) else final
                yield event
        except (GeneratorExit, KeyboardInterrupt):
            _close(stream)
            if final is None and not recorder.closed:
                recorder.write(RunCancelledEvent(last_s, ""))
            raise
        except Exception as error:
            _close(stream)
            if final is None and not isinstance(error, OutputError):
                recorder.write(failure_of(error, last_s))
            raise


def _close(stream: Iterable[Event]) -> None:
    close = getattr(stream, "close", None)
    if close is not None:
        close()


def _create(path: Path) -> sqlite3.Connection:
    """An empty run file, complete before it bears its name."""
    if path.exists():
        raise OutputError(f"run file {str(path)!r} exists already: expected a new name")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with closing(_connect(fresh, "OFF")) as connection:
            create_tables(connection)
            EventInserter(connection).set_meta(_origin())
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.rename(path)
        return _connect(path, "NORMAL")
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OutputError(f"run file {str(path)!r} cannot be written: {_reason(path, error)}") from None


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _origin() -> dict[str, Any]:
    """Who writes, so that a reader can tell a running run from an interrupted one."""
    try:
        release = version("slora")
    except PackageNotFoundError:
        release = "unknown"
    return {
        "slora_version": release,
        "note": "",
        "created_s": time.time(),
        "host": platform.node(),
        "writer_pid": os.getpid(),
        "writer_started_s": psutil.Process().create_time(),
    }


def _reason(path: Path, error: Exception) -> str:
    if not path.parent.is_dir():
        return f"the folder {str(path.parent)!r} does not exist"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
