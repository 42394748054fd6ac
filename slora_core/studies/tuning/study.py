"""The tuner as a stream of events: trials, rates, the frontier, and planned against tuned in whole runs. Torch-free.

Everything that computes runs in child processes; what they measured is kept in the study's file as it comes, and in
the end in the tuning file of the device, which the planner reads.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, EngineDied, RunCancelled, SloraError
from slora_core.events import (
    Event,
    Notice,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunStarted,
    StageStarted,
    StudyFinished,
    TrialFinished,
)
from slora_core.memory.machine import cpu_name
from slora_core.streams.streaming import Emit, stream_in_thread
from slora_core.studies.inputs import input_stamps
from slora_core.studies.study_file import StudyWriter
from slora_core.studies.tuning.analysis import analyse
from slora_core.studies.tuning.whole_runs import WholeRuns

DEFAULT_TRIALS: Final = 40
DEFAULT_MINUTES: Final = 3.0
DEFAULT_REPEATS: Final = 2
_TRIALS: Final = "slora_core.studies.tuning.trial_engine:execute"


def stream(
    config: RunConfig,
    cancel: CancelToken | None = None,
    *,
    trials: int = DEFAULT_TRIALS,
    minutes: float = DEFAULT_MINUTES,
    repeats: int = DEFAULT_REPEATS,
    results: Path | None = None,
    fresh: bool = False,
) -> Generator[Event, None, None]:
    """Tune the job of ``config`` and yield what happens; the last event is a final one.

    At most ``trials`` options of single stages are timed, in about ``minutes``; then planned and tuned run whole,
    ``repeats`` times each (0: not at all). Both limits bound what is begun. An interrupted study of the same job on
    this machine is continued, the newest or the one in the file ``results``, unless it is to be ``fresh``; what failed
    in it is tried again. Raises ConfigError.
    """
    if trials < 1 or repeats < 0 or not minutes > 0:
        raise ConfigError(
            f"trials = {trials}, minutes = {minutes}, repeats = {repeats}: expected at least 1 trial, more than 0"
            " minutes and no negative repeats"
        )
    if config.run.engine == "baseline":
        raise ConfigError("run.engine = 'baseline': it makes no plan that could be tuned")
    if config.distributed.processes > 1:
        raise ConfigError(f"distributed.processes = {config.distributed.processes}: a tuning is of one process")
    config, key = _studied(config), study_key(config)
    settings = {"trials": trials, "minutes": minutes, "repeats": repeats}
    work = partial(_execute, config, key, settings, results=results, fresh=fresh)
    return stream_in_thread(work, cancel or CancelToken())


def study_key(config: RunConfig) -> str:
    """Of what may not differ within one study: the job, its files and the machine."""
    known = [_studied(config).model_dump(mode="json"), input_stamps(config), cpu_name()]
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _studied(config: RunConfig) -> RunConfig:
    """The job as it is tuned: planned, and without output."""
    return config.merged({"memory": {"policy": "planned"}, "output": {"state": None, "resume": False}})


def _execute(
    config: RunConfig,
    key: str,
    settings: Mapping[str, Any],
    emit: Emit,
    cancel: CancelToken,
    *,
    results: Path | None,
    fresh: bool,
) -> None:
    start = StudyWriter.create if fresh else StudyWriter.go_on_or_create
    with start("tuning", key, config.to_dict(), settings, results) as writer:
        _Tuning(config, writer, emit, cancel, **settings).run()


@dataclass(slots=True)
class _Tuning:
    config: RunConfig
    writer: StudyWriter
    emit: Emit
    cancel: CancelToken
    trials: int
    minutes: float
    repeats: int
    started_s: float = field(default_factory=time.perf_counter)
    environment: dict[str, Any] = field(default_factory=dict)
    lines: list[Mapping[str, Any]] = field(default_factory=list)

    def run(self) -> None:
        known = self.writer.record.measured_trials()
        for number, line in enumerate(known, start=1):
            self.lines.append(line)
            self._tell(line, number, reused=True)
        self._run_trials()
        tuned = analyse(self.config, self.environment, self.lines)
        tuned.write()
        whole = WholeRuns(self.config, tuned, self.writer, self.emit, self.cancel, self._now)
        whole.run(self.repeats)
        tuned = whole.learnt()
        tuned.write()
        outcome = {**tuned.outcome(), **whole.outcome()}
        self.writer.add("finished", {"outcome": outcome})
        path, count = str(self.writer.record.path), len(self.lines)
        self.emit(StudyFinished(self._now(), "tuning", self._now(), count, path, outcome))

    def _run_trials(self) -> None:
        """Until every candidate is timed or the time is up; after a crash without the one that crashed."""
        deadline = time.perf_counter() + 60 * self.minutes
        while True:
            current, failed = self._one_process(max(0.0, deadline - time.perf_counter()))
            if failed is None:
                return
            if not current:
                raise EngineDied(failed.what, failed.remedy)
            self.emit(Notice(self._now(), "trial-failed", f"{current}: {failed.what}"))
            self._keep({"key": current, "seconds": None, "failure": failed.what})

    def _one_process(self, seconds: float) -> tuple[str, RunFailed | None]:
        """One child; returns the trial that it was in and how it failed, or None for a child that ended well."""
        done = [[line["key"], line["seconds"]] for line in self.lines]
        arguments = {"most": self.trials, "seconds": seconds, "done": done}
        current = ""
        for event in self._events(arguments):
            match event:
                case RunStarted():
                    self._started(event)
                case StageStarted():
                    current = event.stage
                case Progress():
                    self._progress(event)
                case TrialFinished():
                    current = ""
                    self._keep(dict(event.figures))
                    self.emit(dataclasses.replace(event, t_s=self._now()))
                case RunFailed(exit_code=2 | 3):
                    raise _as_raised(event)
                case RunFailed():
                    return current, event
                case RunCancelledEvent():
                    raise RunCancelled
        return "", None

    def _events(self, arguments: Mapping[str, Any]) -> Iterator[Event]:
        return isolate.stream(self.config, self.cancel, engine=_TRIALS, arguments=arguments)

    def _started(self, event: RunStarted) -> None:
        if not self.environment:
            self.writer.add("environment", {"environment": event.environment})
        self.environment = dict(event.environment)

    def _keep(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        self.writer.add("trial", line)

    def _tell(self, line: Mapping[str, Any], number: int, *, reused: bool) -> None:
        self.emit(TrialFinished(self._now(), "tuning", str(line["key"]), number, self.trials, line, reused))

    def _progress(self, event: Progress) -> None:
        self.emit(dataclasses.replace(event, t_s=self._now()))

    def _now(self) -> float:
        return time.perf_counter() - self.started_s


def _as_raised(event: RunFailed) -> SloraError:
    error = SloraError(event.what, event.remedy)
    error.exit_code = event.exit_code  # type: ignore[misc]  # the child's own verdict
    return error
