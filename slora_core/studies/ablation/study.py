"""The ablation as a stream of events: every case in fresh processes, repeated, kept in a file that it can go on with.

Torch-free: runs happen in child processes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError
from slora_core.events import Event, Notice, Progress, StudyFinished, TrialFinished
from slora_core.memory.machine import cpu_name
from slora_core.records.deviation import deviations
from slora_core.streams.scratch import scratch_folder
from slora_core.streams.streaming import Emit, stream_in_thread
from slora_core.studies.ablation.measures import ALL_OFF, ALL_ON, case_config, case_title, cases, without
from slora_core.studies.ablation.results import ablation_of, idle_measures
from slora_core.studies.inputs import input_stamps
from slora_core.studies.study_file import StudyWriter
from slora_core.studies.whole_run import RunFigures, run_whole

DEFAULT_REPEATS: Final = 3
_REFERENCES: Final = {ALL_ON: "all on", ALL_OFF: "all off"}


def stream(
    config: RunConfig,
    cancel: CancelToken | None = None,
    *,
    repeats: int = DEFAULT_REPEATS,
    results: Path | None = None,
    fresh: bool = False,
) -> Generator[Event, None, None]:
    """Run every case of the nine measures ``repeats`` times and yield what happens; the last event is a final one.

    An interrupted study of the same configuration on this machine is continued, the newest or the one in the file
    ``results``, unless it is to be ``fresh``; what failed in it is tried again. Raises ConfigError at once for
    ``repeats`` below 1 or a baseline configuration.
    """
    if repeats < 1:
        raise ConfigError(f"repeats = {repeats}: expected 1 or more")
    if config.run.engine == "baseline":
        raise ConfigError("run.engine = 'baseline': the measures are switches of the optimised engine")
    work = partial(_execute, config, repeats, results=results, fresh=fresh)
    return stream_in_thread(work, cancel or CancelToken())


def _execute(
    config: RunConfig, repeats: int, emit: Emit, cancel: CancelToken, *, results: Path | None, fresh: bool
) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(scratch_folder(config.run.scratch)))
        writer = stack.enter_context(_writer(config, repeats, results, fresh))
        study = _Ablation(config, repeats, writer, folder, emit, cancel)
        study.run()


def _writer(config: RunConfig, repeats: int, results: Path | None, fresh: bool) -> StudyWriter:
    key, settings = study_key(config), {"repeats": repeats}
    start = StudyWriter.create if fresh else StudyWriter.go_on_or_create
    return start("ablation", key, config.to_dict(), settings, results)


def study_key(config: RunConfig) -> str:
    """Of what may not differ within one study: the job, the machine and the content of its files."""
    data = config.model_dump(mode="json", exclude={"measures": True, "output": True})
    known = [data, input_stamps(config), cpu_name()]
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(slots=True)
class _Ablation:
    config: RunConfig
    repeats: int
    writer: StudyWriter
    folder: Path
    emit: Emit
    cancel: CancelToken
    started_s: float = field(default_factory=time.perf_counter)
    environment: dict[str, Any] = field(default_factory=dict)
    spent_s: list[float] = field(default_factory=list)

    def run(self) -> None:
        known = {(line["case"], line["repeat"]): line for line in self.writer.record.measured_trials()}
        todo = [(case, repeat) for repeat in range(1, self.repeats + 1) for case in cases()]
        todo.sort(key=lambda trial: trial not in known)
        if known and any(repeat == 1 and (case, repeat) not in known for case, repeat in todo):
            self._repeat_references(known)
        for told in self.writer.record.of_kind("environment"):
            self.environment = dict(told["environment"])
        lines: list[Mapping[str, Any]] = []
        for number, (case, repeat) in enumerate(todo, start=1):
            line = known.get((case, repeat)) or self._twin(case, repeat, lines)
            reused = line is not None
            if line is None:
                self.cancel.raise_if_cancelled()
                line = {"kind": "trial", **self._trial(case, repeat, number, len(todo))}
            lines.append(line)
            title = f"{case_title(case)}, repetition {repeat}"
            self.emit(TrialFinished(self._now(), "ablation", title, number, len(todo), line, reused))
        outcome = ablation_of([{"kind": "environment", "environment": self.environment}, *lines]).to_dict()
        self.writer.add("finished", {"outcome": outcome})
        path = str(self.writer.record.path)
        self.emit(StudyFinished(self._now(), "ablation", self._now(), len(todo), path, outcome))

    def _twin(self, case: str, repeat: int, lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The trial of a case that differs in measures alone which cannot act in this job: the run would be the same.

        The runs of the references say which these are.
        """
        references = [line for line in lines if line["case"] in _REFERENCES]
        if len({line["case"] for line in references}) < len(_REFERENCES):
            return None
        told = (text for line in references for text in RunFigures.from_dict(line["figures"]).idle)
        messages = list(dict.fromkeys(told))
        idle = idle_measures(messages)
        for line in lines:
            other, figures = str(line["case"]), line["figures"]
            if line["repeat"] == repeat and not figures["failure"] and without(other, idle) == without(case, idle):
                twin = {"case": case, "repeat": repeat, "same_as": other, "figures": {**figures, "idle": messages}}
                if repeat == 1:
                    same = {other: 0.0} if other in _REFERENCES else {}
                    twin["deviations"] = {**line.get("deviations", {}), **same}
                self.writer.add("trial", twin)
                return {"kind": "trial", **twin}
        return None

    def _trial(self, case: str, repeat: int, number: int, trials: int) -> dict[str, Any]:
        first = repeat == 1
        state = self.folder / (f"{_REFERENCES[case]}.safetensors" if case in _REFERENCES else "case.safetensors")
        config = case_config(self.config, case)
        output = {"state": str(state) if first else None, "resume": False}
        started = time.perf_counter()
        figures, environment = run_whole(
            config.merged({"output": output}),
            self.cancel,
            on_fraction=partial(self._progress, case_title(case), number, trials),
        )
        self.spent_s.append(time.perf_counter() - started)
        if environment and not self.environment:
            self.environment = environment
            self.writer.add("environment", {"environment": environment})
        if figures.failure:
            message = f"{case_title(case)}: {figures.failure}"
            self.emit(Notice(self._now(), "trial-failed", message, "", {"case": case, "failure": figures.failure}))
        line = {"case": case, "repeat": repeat, "figures": figures.to_dict()}
        if first:
            line["deviations"] = self._deviations(case, state, figures)
        self.writer.add("trial", line)
        return line

    def _repeat_references(self, known: Mapping[tuple[str, int], Any]) -> None:
        """A continued study has lost the moved states of its references: the same runs give the same ones again."""
        for case, name in _REFERENCES.items():
            if (case, 1) in known:
                state = {"output": {"state": str(self.folder / f"{name}.safetensors"), "resume": False}}
                run_whole(case_config(self.config, case).merged(state), self.cancel)

    def _deviations(self, case: str, state: Path, figures: RunFigures) -> dict[str, float]:
        """The largest relative deviation of the moved statistics from each reference that is at hand."""
        found: dict[str, float] = {}
        if figures.failure:
            return found
        for reference, name in _REFERENCES.items():
            base = self.folder / f"{name}.safetensors"
            if case == reference or not base.exists():
                continue
            try:
                moved = deviations(base, state)
            except InputError:
                continue
            found[reference] = max(max(row.mean, row.covariance) for row in moved)
        if case not in _REFERENCES:
            state.unlink(missing_ok=True)
        return found

    def _progress(self, title: str, number: int, trials: int, fraction: float) -> None:
        done = number - 1 + fraction
        eta = sum(self.spent_s) / len(self.spent_s) * (trials - done) if self.spent_s else None
        self.emit(Progress(self._now(), title, number - 1, trials, "trials", done / trials, eta))

    def _now(self) -> float:
        return time.perf_counter() - self.started_s
