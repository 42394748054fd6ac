"""Writes events into the tables of a run file: one function an event, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import Any, Final

from slora_core.events import (
    FINAL_EVENTS,
    Event,
    MemorySample,
    Notice,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    TaskFinished,
)
from slora_core.records.schema import SAMPLE_COUNTERS

STATUS_OF: Final[dict[type[Event], str]] = {
    RunFinished: "finished",
    RunFailed: "failed",
    RunCancelledEvent: "cancelled",
}
_SAMPLE: Final = f"INSERT INTO samples VALUES (NULL, ?, ?{', ?' * len(SAMPLE_COUNTERS)}, ?)"


class EventInserter:
    """Inserts events through ``connection``. Progress is not kept: it is of no use after the run."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._stage_ids: dict[str, int] = {}

    def insert(self, event: Event) -> None:
        insert = _INSERTS.get(type(event))
        if insert is not None:
            insert(self, event)
        if isinstance(event, FINAL_EVENTS):
            self._final(event)

    def set_meta(self, values: Mapping[str, Any]) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def _run_started(self, event: RunStarted) -> None:
        config = event.config
        self.set_meta(
            {
                "run_id": event.run_id,
                "started_at": event.started_at,
                "engine": event.engine,
                "budget_bytes": event.budget_bytes,
                "source": config.get("source", {}).get("kind", ""),
                "device": event.environment.get("device") or config.get("run", {}).get("device", ""),
                "operators": ", ".join(config.get("operators", {}).get("names", ())),
            }
        )
        self._document("config", config)
        self._document("environment", event.environment)
        if event.plan is not None:
            self._document("plan", event.plan)

    def _stage_started(self, event: StageStarted) -> None:
        self._connection.execute(
            "INSERT INTO stages (stage, parent, started_s, predicted_peak_bytes, predicted_s, rank)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (event.stage, event.parent, event.t_s, event.predicted_peak_bytes, event.predicted_s, event.rank),
        )

    def _stage_finished(self, event: StageFinished) -> None:
        """Completes the newest open row of the stage; a stage may run more than once."""
        self._connection.execute(
            "UPDATE stages SET seconds = ?, allocated_bytes = ?, reserved_bytes = ?, rss_bytes = ?,"
            " live_after_bytes = ?, completed = ?, communicated_bytes = ?"
            " WHERE id = (SELECT max(id) FROM stages WHERE stage = ? AND rank = ? AND completed IS NULL)",
            (
                event.seconds,
                *astuple(event.peaks),
                event.live_after_bytes,
                event.completed,
                event.communicated_bytes,
                event.stage,
                event.rank,
            ),
        )

    def _sample(self, event: MemorySample) -> None:
        counters = (getattr(event, counter) for counter in SAMPLE_COUNTERS)
        self._connection.execute(_SAMPLE, (event.t_s, self._stage_id(event.stage), *counters, event.rank))

    def _notice(self, event: Notice) -> None:
        self._connection.execute(
            "INSERT INTO notices VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (event.t_s, event.kind, storable(event.message), event.stage, _json(event.data), event.rank),
        )

    def _task_finished(self, event: TaskFinished) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?)",
            (event.task, event.t_s, event.tasks, event.classes_seen),
        )
        self._accuracies(event.task, event.accuracies)

    def _run_finished(self, event: RunFinished) -> None:
        """Accuracies are those of the last task; a run without tasks has task 1."""
        (task,) = self._connection.execute("SELECT max(task) FROM tasks").fetchone()
        self._accuracies(task or 1, event.accuracies)
        self.set_meta(
            {
                "peak_allocated_bytes": event.peaks.allocated_bytes,
                "peak_reserved_bytes": event.peaks.reserved_bytes,
                "peak_rss_bytes": event.peaks.rss_bytes,
                "within_budget": event.within_budget,
                "bound_peak_bytes": event.bound_peak_bytes,
            }
        )

    def _final(self, event: Event) -> None:
        seconds = event.seconds if isinstance(event, RunFinished) else event.t_s
        self.set_meta({"status": STATUS_OF[type(event)], "seconds": seconds})
        self._connection.execute("INSERT OR REPLACE INTO documents VALUES ('result', ?)", (storable(event.to_json()),))

    def _accuracies(self, task: int, accuracies: Mapping[str, Mapping[str, float]]) -> None:
        self._connection.executemany(
            "INSERT INTO accuracies VALUES (NULL, ?, ?, ?, ?)"
            " ON CONFLICT (task, variant, classifier) DO UPDATE SET accuracy = excluded.accuracy",
            [(task, variant, name, value) for variant, row in accuracies.items() for name, value in row.items()],
        )

    def _document(self, name: str, value: Mapping[str, Any]) -> None:
        self._connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (name, _json(value)))

    def _stage_id(self, name: str) -> int:
        known = self._stage_ids.get(name)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO stage_names (name) VALUES (?)", (name,))
            (known,) = self._connection.execute("SELECT id FROM stage_names WHERE name = ?", (name,)).fetchone()
            self._stage_ids[name] = known
        return known


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value))


def storable(text: str) -> str:
    """Undecodable bytes of a file name or an argument as escapes, which JSON reads back and SQLite can store."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_INSERTS: Final[dict[type[Event], Callable[[EventInserter, Any], None]]] = {
    RunStarted: EventInserter._run_started,
    StageStarted: EventInserter._stage_started,
    StageFinished: EventInserter._stage_finished,
    MemorySample: EventInserter._sample,
    Notice: EventInserter._notice,
    TaskFinished: EventInserter._task_finished,
    RunFinished: EventInserter._run_finished,
}
