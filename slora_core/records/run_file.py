"""Reads a run file: whole or half-written, of this version or an older one. Needs neither torch nor a device."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from slora_core.errors import InputError, OutputError
from slora_core.events import Event, MemorySample, Notice, StagePeaks, event_from_json
from slora_core.records.database import connect, explained, open_for_reading
from slora_core.records.header import RunHeader, header_from_meta
from slora_core.records.inserts import storable
from slora_core.records.schema import SAMPLE_COUNTERS

_PEAKS: Final = "allocated_bytes, reserved_bytes, rss_bytes"


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One run of a stage, with its peaks by counter. ``seconds`` and ``completed`` are None if it was cut off."""

    stage: str
    parent: str
    started_s: float
    predicted_peak_bytes: int | None
    predicted_s: float | None
    seconds: float | None
    allocated_bytes: int | None
    reserved_bytes: int | None
    rss_bytes: int | None
    live_after_bytes: int | None
    completed: bool | None
    rank: int = 0
    communicated_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One measured accuracy in 0..1 after ``task``, over ``classes_seen`` classes (None: a run without tasks)."""

    task: int
    classes_seen: int | None
    variant: str
    classifier: str
    accuracy: float


@dataclass(frozen=True, slots=True)
class Samples:
    """The memory curve as columns of n ticks: time in seconds, index into ``stage_names``, and bytes by counter.

    Bytes are float64, exact up to 2^53; NaN is "not available".
    """

    t_s: NDArray[np.float64]
    stage: NDArray[np.int32]
    stage_names: tuple[str, ...]
    counters: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.t_s)


class RunFile:
    """An open run file, read-only but for the note. A context manager; may be used from any thread.

    A file whose run is still going shows what has been committed at each call.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: str | Path) -> RunFile:
        """Raises InputError that says why a file is not a readable run file."""
        path = Path(path)
        run = cls(path, open_for_reading(path))
        try:
            run.meta  # noqa: B018  # a file that has lost its tables shows it here
        except InputError:
            run.close()
            raise
        return run

    def __enter__(self) -> RunFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @property
    def meta(self) -> dict[str, Any]:
        """Every key and value of the table ``meta``."""
        return dict(self._query("SELECT key, value FROM meta"))

    @property
    def header(self) -> RunHeader:
        return header_from_meta(self.path, self.meta)

    @property
    def status(self) -> str:
        """ "finished", "failed", "cancelled", "interrupted", or "running" while its writer lives on this host."""
        return self.header.status

    @property
    def note(self) -> str:
        return str(self.meta.get("note") or "")

    def set_note(self, text: str) -> None:
        """Raises OutputError when the file cannot be written."""
        try:
            with closing(connect(self.path, "rw")) as connection:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('note', ?)", (storable(text),))
        except sqlite3.Error as error:
            raise OutputError(f"the note of run file {str(self.path)!r} cannot be written: {error}") from error

    @property
    def config(self) -> dict[str, Any]:
        return self._document("config") or {}

    @property
    def environment(self) -> dict[str, Any]:
        return self._document("environment") or {}

    @property
    def plan(self) -> dict[str, Any] | None:
        """None for an engine that does not plan."""
        return self._document("plan")

    @property
    def result(self) -> Event | None:
        """The final event; None for a run that was cut off."""
        rows = self._query("SELECT json FROM documents WHERE name = 'result'")
        with explained(self.path):
            return event_from_json(rows[0][0]) if rows else None

    @property
    def peaks(self) -> StagePeaks:
        """Peaks of the run by its counters; of a run that did not finish, of its finished stages."""
        header = self.header
        if header.status == "finished":
            return StagePeaks(header.peak_allocated_bytes, header.peak_reserved_bytes, header.peak_rss_bytes)
        (row,) = self._query("SELECT max(allocated_bytes), max(reserved_bytes), max(rss_bytes) FROM stages")
        return StagePeaks(*row)

    def ranks(self) -> tuple[int, ...]:
        """The processes that the run has told of, ascending; (0,) for a run of one process."""
        rows = self._query("SELECT rank FROM stages UNION SELECT rank FROM samples ORDER BY rank")
        return tuple(rank for (rank,) in rows) or (0,)

    def stages(self, rank: int | None = None) -> list[StageRecord]:
        """The stages of one rank (None: of rank 0) in the order in which they began."""
        rows = self._query(
            f"SELECT stage, parent, started_s, predicted_peak_bytes, predicted_s, seconds, {_PEAKS},"
            " live_after_bytes, completed, rank, communicated_bytes FROM stages WHERE rank = ? ORDER BY id",
            (rank or 0,),
        )
        return [StageRecord(*(*row[:10], _flag(row[10]), *row[11:])) for row in rows]

    def samples(self, rank: int | None = None) -> Samples:
        """The memory curve of one rank (None: of rank 0)."""
        counters = ", ".join(SAMPLE_COUNTERS)
        rows = self._query(f"SELECT t_s, stage, {counters} FROM samples WHERE rank = ? ORDER BY t_s, id", (rank or 0,))
        names = self._query("SELECT id, name FROM stage_names ORDER BY id")  # after: a running run adds to both
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 2 + len(SAMPLE_COUNTERS))
        return Samples(
            np.ascontiguousarray(table[:, 0]),
            np.searchsorted([number for number, _ in names], table[:, 1]).astype(np.int32),
            tuple(name for _, name in names),
            {name: np.ascontiguousarray(table[:, 2 + column]) for column, name in enumerate(SAMPLE_COUNTERS)},
        )

    def sample_rows(self, rank: int | None = None) -> list[tuple[Any, ...]]:
        """(t_s, stage name, counters...) of one rank (None: of rank 0), None for not available, in order of time."""
        counters = ", ".join(SAMPLE_COUNTERS)
        return self._query(
            f"SELECT t_s, name, {counters} FROM samples JOIN stage_names ON stage_names.id = stage"
            " WHERE rank = ? ORDER BY t_s, samples.id",
            (rank or 0,),
        )

    def notices(self) -> list[Notice]:
        """Of all ranks, in the order in which they came."""
        rows = self._query("SELECT t_s, kind, message, stage, data, rank FROM notices ORDER BY id")
        return [Notice(*(*row[:4], json.loads(row[4]), row[5])) for row in rows]

    def accuracies(self) -> list[Accuracy]:
        """By task, variant and classifier, in the order in which they were reported."""
        rows = self._query(
            "SELECT task, classes_seen, variant, classifier, accuracy FROM accuracies"
            " LEFT JOIN tasks USING (task) ORDER BY task, accuracies.id"
        )
        return [Accuracy(*row) for row in rows]

    @property
    def data_version(self) -> int:
        """Another number once another process has committed to the file since the last look."""
        return int(self._query("PRAGMA data_version")[0][0])

    def samples_after(self, row: int) -> tuple[int, list[MemorySample]]:
        """(last row, samples) of what has come after ``row``, in the order of writing; 0 for all there is."""
        names = ", ".join(f"samples.{counter}" for counter in SAMPLE_COUNTERS)
        rows = self._query(
            f"SELECT samples.id, t_s, name, {names}, samples.rank FROM samples"
            " JOIN stage_names ON stage_names.id = stage WHERE samples.id > ? ORDER BY samples.id",
            (row,),
        )
        return (rows[-1][0] if rows else row), [MemorySample(*found[1:]) for found in rows]

    def _document(self, name: str) -> dict[str, Any] | None:
        rows = self._query("SELECT json FROM documents WHERE name = ?", (name,))
        with explained(self.path):
            return json.loads(rows[0][0]) if rows else None

    def _query(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with explained(self.path):
            return self._connection.execute(sql, tuple(values)).fetchall()


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
