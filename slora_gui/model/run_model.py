"""The run that the window shows: one model for a live run, an opened run and one that another process writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slora_core.errors import InputError
from slora_core.events import Event, MemorySample, Notice, Progress, RunFailed, RunFinished, StagePeaks
from slora_core.records.header import RunHeader
from slora_core.records.ranks import RankSummary, rank_summary
from slora_core.records.run_file import Accuracy, RunFile
from slora_core.types import largest_known
from slora_gui.model.notices import BudgetWatch
from slora_gui.model.run_loading import RunFollower, load_run
from slora_gui.model.run_state import ASPECTS, RUNNING, STARTING, RunState
from slora_gui.model.sample_store import SampleStore
from slora_gui.model.stage_log import StageBand, StageRow

__all__ = ["ASPECTS", "RunModel", "StageBand", "StageRow"]

POLL_MS: Final = 500
"""The recorder commits twice a second."""


class RunModel(QObject):
    """Shows one run. ``changed`` carries one of ASPECTS; ``follow_failed`` why a followed file cannot be read any more.

    Feed it the events of a live run from its own thread, or make it with :meth:`open` or :meth:`from_state`. A
    ``title`` that is a function is asked anew each time, so that it is in the language of the window.
    """

    changed = Signal(str)
    follow_failed = Signal(str)

    def __init__(
        self, title: str | Callable[[], str] = "", path: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._title: str | Callable[[], str] = title
        self._state = RunState(path)
        self._watch: BudgetWatch | None = None
        self._bands: dict[int, tuple[object, list[StageBand]]] = {}
        self._stage_version = 0
        self._follower: RunFollower | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)

    @classmethod
    def open(cls, path: str | Path, parent: QObject | None = None) -> RunModel:
        """The run in a file. Raises InputError that says why it cannot be read."""
        return cls.from_state(load_run(path), parent)

    @classmethod
    def from_state(cls, state: RunState, parent: QObject | None = None) -> RunModel:
        """A run that :func:`load_run` has read, in another thread for instance."""
        model = cls(path=state.path, parent=parent)
        model._state = state
        return model

    def feed(self, event: Event) -> None:
        """Take in the next event of a live run. Call it in the thread of the window."""
        self.feed_all((event,))

    def feed_all(self, events: Iterable[Event]) -> None:
        """Take in the next events; each aspect that they change is told of once."""
        aspects: dict[str, None] = {}
        for event in events:
            aspects |= dict.fromkeys(self._state.apply(event))
            if isinstance(event, MemorySample) and (notice := self._crossing(event)) is not None:
                self._state.notices.append(notice)
                aspects["notices"] = None
        self._announce(tuple(aspects))

    def follow(self, path: str | Path) -> None:
        """Show a run file while another process writes it, until that has ended. Raises InputError."""
        self.stop_following()
        self._follower = RunFollower(path)
        self._state = self._follower.state
        self._bands.clear()
        self.poll()
        if self._follower is not None:
            self._timer.start()

    @property
    def following(self) -> bool:
        return self._follower is not None

    @Slot()
    def stop_following(self) -> None:
        """Keep what has been read."""
        self._timer.stop()
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    @Slot()
    def poll(self) -> None:
        """Read what a followed file has got since the last time."""
        if self._follower is None:
            return
        try:
            aspects = self._follower.poll()
        except InputError as error:
            self.stop_following()
            self.follow_failed.emit(error.what)
            return
        if self._follower.ended:
            self.stop_following()
        self._announce(aspects)

    def watch_budget(self, budget_bytes: int | None) -> None:
        """Tell when usage crosses this line, unless it is the run's own budget, of which the engine tells itself."""
        if budget_bytes is None:
            self._watch = None
        elif self._watch is None or self._watch.budget_bytes != budget_bytes:
            self._watch = BudgetWatch(budget_bytes)

    def _crossing(self, sample: MemorySample) -> Notice | None:
        """A run's own budget is known once it has started, which may be after the line is watched."""
        if self._watch is None or self._watch.budget_bytes == self.budget_bytes:
            return None
        return self._watch.look(sample)

    def set_note(self, text: str) -> None:
        """Write the note into the run's file, if there is one. Raises InputError or OutputError."""
        if self.path is not None:
            with RunFile.open(self.path) as run:
                run.set_note(text)
        self._state.note = text
        self.changed.emit("note")

    @property
    def title(self) -> str:
        """What the run is called: its given title, the name of its file, or what it runs on."""
        given = self._title() if callable(self._title) else self._title
        return given or (self.path.stem if self.path is not None else self.header.source)

    @title.setter
    def title(self, text: str) -> None:
        self._title = text
        self.changed.emit("status")

    @property
    def path(self) -> Path | None:
        return self._state.path

    @property
    def status(self) -> str:
        """ "starting", "running", "finished", "failed", "cancelled" or "interrupted"."""
        return self._state.status

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return self.status in (STARTING, RUNNING)

    @property
    def state(self) -> RunState:
        return self._state

    @property
    def header(self) -> RunHeader:
        return self._state.header

    @property
    def run_id(self) -> str:
        return self._state.run_id

    @property
    def started_at(self) -> str:
        """ISO 8601 with its offset from UTC; "" before the start."""
        return self._state.started_at

    @property
    def engine(self) -> str:
        return self._state.engine

    @property
    def config(self) -> Mapping[str, Any]:
        return self._state.config

    @property
    def plan(self) -> Mapping[str, Any] | None:
        """``Plan.to_dict()``; None for an engine that does not plan."""
        return self._state.plan

    @property
    def environment(self) -> Mapping[str, Any]:
        return self._state.environment

    @property
    def budget_bytes(self) -> int | None:
        """What the engine enforces; None: unlimited."""
        return self._state.budget_bytes

    @property
    def samples(self) -> SampleStore:
        return self._state.store(0)

    def samples_of(self, rank: int) -> SampleStore:
        """The memory curve of one process of a distributed run."""
        return self._state.store(rank)

    @property
    def ranks(self) -> tuple[int, ...]:
        return self._state.ranks

    @property
    def rank_summaries(self) -> list[RankSummary]:
        """One a process that has reported, over its stages so far."""
        return [rank_summary(rank, self.stages_of(rank)) for rank in self.ranks]

    @property
    def slowest_rank(self) -> int | None:
        """The process that has spent longest in its stages, the lowest of equals; None while that is not known."""
        summaries = self.rank_summaries
        longest = max(summaries, key=lambda summary: (summary.seconds, -summary.rank))
        return longest.rank if len(summaries) > 1 and longest.seconds > 0 else None

    @property
    def stages(self) -> list[StageRow]:
        """Stages of rank 0 in the order in which they began."""
        return self._state.stages()

    @property
    def open_stage(self) -> str:
        """The innermost stage of rank 0 that has not ended; "" for none."""
        return self._state.log(0).open_stage

    def stages_of(self, rank: int) -> list[StageRow]:
        return self._state.stages(rank)

    def bands(self, rank: int = 0) -> list[StageBand]:
        """The stages on the time axis; those still running reach to ``now_s``."""
        ends = self.now_s if self.active else None
        key = (self._stage_version, ends)
        if rank not in self._bands or self._bands[rank][0] != key:
            self._bands[rank] = (key, self._state.bands(rank))
        return self._bands[rank][1]

    @property
    def notices(self) -> list[Notice]:
        """The engine's, and those of the watched line, as they came."""
        return self._state.notices

    @property
    def accuracies(self) -> list[Accuracy]:
        return self._state.accuracies

    @property
    def progress(self) -> Progress | None:
        """The latest, while the run goes."""
        return self._state.progress

    @property
    def failure(self) -> RunFailed | None:
        return self._state.failure

    @property
    def result(self) -> RunFinished | None:
        """Outputs, jitter and whether the budget was kept, of a run that finished."""
        return self._state.finished

    @property
    def jitter(self) -> Mapping[str, Mapping[str, float]]:
        """``jitter[operator][class id]`` that made a covariance factorable."""
        return {} if self.result is None else self.result.jitter

    @property
    def peaks(self) -> StagePeaks:
        return self._state.peaks

    @property
    def peaks_so_far(self) -> StagePeaks:
        """As :attr:`peaks`; while the run goes on also of what was sampled in the stage that no counter has told of."""
        peaks = self._state.peaks
        if not self.active:
            return peaks
        names = [counter.name for counter in fields(peaks)]
        return StagePeaks(*(largest_known((getattr(peaks, name), self.samples.highest(name))) for name in names))

    @property
    def seconds(self) -> float | None:
        return self._state.seconds

    @property
    def note(self) -> str:
        return self._state.note

    @property
    def now_s(self) -> float:
        """The last moment that the run has told of."""
        return self._state.now_s

    def _announce(self, aspects: tuple[str, ...]) -> None:
        if "stages" in aspects or "status" in aspects:
            self._stage_version += 1
        for aspect in aspects:
            self.changed.emit(aspect)
