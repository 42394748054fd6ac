"""What is known of a run: the same from its events and from its file. No Qt, so that it can be read in any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from slora_core.events import (
    Event,
    MemorySample,
    Notice,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
    TaskFinished,
)
from slora_core.records.header import RunHeader
from slora_core.records.inserts import STATUS_OF
from slora_core.records.run_file import Accuracy
from slora_gui.model.sample_store import SampleStore
from slora_gui.model.stage_log import StageBand, StageLog, StageRow

STARTING: Final = "starting"
RUNNING: Final = "running"
ASPECTS: Final = ("status", "samples", "stages", "notices", "progress", "accuracies", "plan", "note")


class RunState:
    """A run, growing with every event that is applied to it.

    ``status`` is "starting" until the first event, then "running", then one of "finished", "failed", "cancelled" and
    "interrupted". What is not known yet, or cannot be known, is None or empty.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.status = STARTING
        self.run_id = ""
        self.started_at = ""
        self.engine = ""
        self.config: Mapping[str, Any] = {}
        self.environment: Mapping[str, Any] = {}
        self.plan: Mapping[str, Any] | None = None
        self.budget_bytes: int | None = None
        self.notices: list[Notice] = []
        self.progress: Progress | None = None
        self.result: Event | None = None
        self.note = ""
        self.now_s = 0.0
        self.stores: dict[int, SampleStore] = {0: SampleStore()}
        self.logs: dict[int, StageLog] = {0: StageLog()}
        self.accuracy_of: dict[tuple[int, str, str], float] = {}
        self.classes_seen: dict[int, int] = {}

    def apply(self, event: Event) -> tuple[str, ...]:
        """Take an event in; returns the aspects that it changed."""
        self.now_s = max(self.now_s, event.t_s)
        take = _TAKES.get(type(event))
        return () if take is None else take(self, event)

    @property
    def seconds(self) -> float | None:
        """How long the run took; None while it runs and for one that was cut off."""
        if isinstance(self.result, RunFinished):
            return self.result.seconds
        return None if self.result is None else self.result.t_s

    @property
    def failure(self) -> RunFailed | None:
        return self.result if isinstance(self.result, RunFailed) else None

    @property
    def finished(self) -> RunFinished | None:
        return self.result if isinstance(self.result, RunFinished) else None

    @property
    def peaks(self) -> StagePeaks:
        """Of the run by its counters; of a run that has not finished, of its finished stages."""
        return self.logs[0].peaks if self.finished is None else self.finished.peaks

    @property
    def accuracies(self) -> list[Accuracy]:
        """By task, then in the order in which they were reported."""
        rows = [
            Accuracy(task, self.classes_seen.get(task), variant, classifier, value)
            for (task, variant, classifier), value in self.accuracy_of.items()
        ]
        return sorted(rows, key=lambda row: row.task)

    @property
    def header(self) -> RunHeader:
        """The run at a glance, as the history shows it."""
        config = self.config
        peaks = StagePeaks() if self.finished is None else self.finished.peaks
        return RunHeader(
            path=self.path or Path(f"{self.run_id or 'run'}.slora"),
            status=self.status,
            run_id=self.run_id,
            started_at=self.started_at,
            engine=self.engine,
            source=config.get("source", {}).get("kind", ""),
            operators=", ".join(config.get("operators", {}).get("names", ())),
            device=self.environment.get("device") or config.get("run", {}).get("device", ""),
            budget_bytes=self.budget_bytes,
            seconds=self.seconds,
            peak_allocated_bytes=peaks.allocated_bytes,
            peak_reserved_bytes=peaks.reserved_bytes,
            peak_rss_bytes=peaks.rss_bytes,
            within_budget=None if self.finished is None else self.finished.within_budget,
            bound_peak_bytes=None if self.finished is None else self.finished.bound_peak_bytes,
            note=self.note,
        )

    @property
    def ranks(self) -> tuple[int, ...]:
        """The processes that have reported, ascending; rank 0 is always among them."""
        return tuple(sorted(self.stores.keys() | self.logs.keys()))

    def store(self, rank: int) -> SampleStore:
        """The memory curve of a process."""
        found = self.stores.get(rank)
        return self.stores.setdefault(rank, SampleStore()) if found is None else found

    def log(self, rank: int) -> StageLog:
        """The stages of a process."""
        found = self.logs.get(rank)
        return self.logs.setdefault(rank, StageLog()) if found is None else found

    def stages(self, rank: int = 0) -> list[StageRow]:
        return self.log(rank).rows

    def bands(self, rank: int = 0) -> list[StageBand]:
        return self.log(rank).bands(self.now_s)

    def _run_started(self, event: RunStarted) -> tuple[str, ...]:
        self.status = RUNNING
        self.run_id, self.started_at, self.engine = event.run_id, event.started_at, event.engine
        self.config, self.environment, self.plan = event.config, event.environment, event.plan
        self.budget_bytes = event.budget_bytes
        return ("status", "plan")

    def _sample(self, event: MemorySample) -> tuple[str, ...]:
        self.store(getattr(event, "rank", 0)).append(event)
        return ("samples",)

    def _progressed(self, event: Progress) -> tuple[str, ...]:
        self.progress = event
        return ("progress",)

    def _stage_started(self, event: StageStarted) -> tuple[str, ...]:
        self.log(getattr(event, "rank", 0)).start(event)
        return ("stages",)

    def _stage_finished(self, event: StageFinished) -> tuple[str, ...]:
        self.log(getattr(event, "rank", 0)).finish(event)
        return ("stages",)

    def _noticed(self, event: Notice) -> tuple[str, ...]:
        self.notices.append(event)
        return ("notices",)

    def _task_finished(self, event: TaskFinished) -> tuple[str, ...]:
        self.classes_seen[event.task] = event.classes_seen
        self._put_accuracies(event.task, event.accuracies)
        return ("accuracies",)

    def _finished(self, event: RunFinished) -> tuple[str, ...]:
        """Accuracies are those of the last task; a run without tasks has task 1."""
        self._put_accuracies(max(self.classes_seen, default=1), event.accuracies)
        return (*self._ended(event), "accuracies")

    def _ended(self, event: Event) -> tuple[str, ...]:
        self.status, self.result, self.progress = STATUS_OF[type(event)], event, None
        return ("status", "progress")

    def _put_accuracies(self, task: int, accuracies: Mapping[str, Mapping[str, float]]) -> None:
        for variant, row in accuracies.items():
            for classifier, value in row.items():
                self.accuracy_of[task, variant, classifier] = value


_TAKES: Final[dict[type[Event], Callable[[RunState, Any], tuple[str, ...]]]] = {
    MemorySample: RunState._sample,
    Progress: RunState._progressed,
    StageStarted: RunState._stage_started,
    StageFinished: RunState._stage_finished,
    Notice: RunState._noticed,
    TaskFinished: RunState._task_finished,
    RunStarted: RunState._run_started,
    RunFinished: RunState._finished,
    RunFailed: RunState._ended,
    RunCancelledEvent: RunState._ended,
}


class ComparedState:
    """A run in memory as :func:`slora_core.records.compare.compare` reads a run file."""

    def __init__(self, state: RunState, name: str) -> None:
        self._state = state
        self.path = Path(name)
        self.header = replace(state.header, path=self.path)
        self.peaks = state.peaks

    def ranks(self) -> tuple[int, ...]:
        return self._state.ranks

    def stages(self, rank: int = 0) -> list[StageRow]:
        return self._state.stages(rank)

    def accuracies(self) -> list[Accuracy]:
        return self._state.accuracies
