"""The events of a run: frozen records, the same from this process and from a child, on CPU and on CUDA.

Times ``t_s`` are seconds since the run started, on a monotonic clock. A quantity that cannot be measured on this
machine is ``None`` ("not available"), never 0. ``rank`` is the process of a distributed run that an event tells of; a
run of one process has rank 0 alone. Imports neither torch nor Qt.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    t_s: float

    def to_json(self) -> str:
        return json.dumps({"event": EVENT_NAMES[type(self)], **dataclasses.asdict(self)}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """First event of a run. ``plan`` is ``Plan.to_dict()`` or None for an engine that does not plan (the baseline)."""

    run_id: str
    started_at: str
    engine: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    plan: Mapping[str, Any] | None
    budget_bytes: int | None


@dataclass(frozen=True, slots=True)
class StageStarted(Event):
    """A stage begins. ``stage`` is a dotted path such as ``task2.attention.move``; ``parent`` is "" at the top."""

    stage: str
    parent: str
    predicted_peak_bytes: int | None = None
    predicted_s: float | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class StagePeaks:
    """Counters of one stage. On a CPU-only machine ``allocated`` is live tensor bytes and ``reserved`` is None."""

    allocated_bytes: int | None = None
    reserved_bytes: int | None = None
    rss_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StageFinished(Event):
    """A stage ended, normally or not (``completed``).

    ``communicated_bytes`` is what its rank sent to and received from the others; None in a run of one process.
    """

    stage: str
    seconds: float
    peaks: StagePeaks
    live_after_bytes: int | None
    completed: bool = True
    communicated_bytes: int | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """``done`` of ``total`` ``unit`` in a stage; ``fraction`` of the whole run; ETA once it means something.

    ``under_way`` is what units that are worked on together come to beside those that are done: eight classes, a quarter
    of whose samples are moved, are 2.0.
    """

    stage: str
    done: int
    total: int
    unit: str
    fraction: float | None = None
    eta_s: float | None = None
    rank: int = 0
    under_way: float = 0.0


@dataclass(frozen=True, slots=True)
class MemorySample(Event):
    """One tick of the sampler. Device numbers are never mixed: allocated, reserved and process are three counters.

    ``tensor_ram_bytes`` are the engine's live host tensors; on a CPU-only machine equal to ``allocated_bytes``.
    """

    stage: str
    allocated_bytes: int | None
    reserved_bytes: int | None
    process_bytes: int | None
    device_used_bytes: int | None
    device_total_bytes: int | None
    rss_bytes: int | None
    tensor_ram_bytes: int | None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something a person should know: ``kind`` is one of NOTICE_KINDS, ``data`` holds its figures."""

    kind: str
    message: str
    stage: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0


NOTICE_KINDS: Final = (
    "budget-near",
    "budget-crossed",
    "retry",
    "jitter",
    "one-sample-class",
    "unpacked-file",
    "no-effect",
    "outside-budget",
    "other-process",
    "labels",
    "skipped-images",
    "feature-cache",
    "precision",
    "replanned",
    "not-recorded",
    "continued",
    "restart",
    "tuning-ignored",
    "trial-failed",
)


@dataclass(frozen=True, slots=True)
class TaskFinished(Event):
    """One task is compensated and evaluated: ``accuracies[variant][classifier]`` in 0..1 over all classes seen."""

    task: int
    tasks: int
    classes_seen: int
    accuracies: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class TrialFinished(Event):
    """One trial of a study is measured, or taken from the file of an interrupted one (``reused``).

    ``study`` is "ablation" or "tuning"; ``number`` counts from 1 to ``trials``; ``figures`` are what was measured, in
    plain JSON, with the trial's identity.
    """

    study: str
    trial: str
    number: int
    trials: int
    figures: Mapping[str, Any]
    reused: bool = False


@dataclass(frozen=True, slots=True)
class StudyFinished(Event):
    """Last event of a study that completed: ``results`` is its file, ``outcome`` what it comes to, in plain JSON."""

    study: str
    seconds: float
    trials: int
    results: str
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """Last event of a run that completed.

    ``outputs`` maps a role ("state") to a path; ``jitter[operator][class id]`` is the recorded Cholesky jitter;
    ``accuracies`` are those of the last task. ``within_budget`` is None without a budget; where the budget does not
    bind all of the run, as in the training of the demo, ``bound_peak_bytes`` is the peak of the stages that it binds.
    """

    seconds: float
    peaks: StagePeaks
    outputs: Mapping[str, str]
    accuracies: Mapping[str, Mapping[str, float]]
    jitter: Mapping[str, Mapping[str, float]]
    within_budget: bool | None
    bound_peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RunFailed(Event):
    """Last event of a run that failed: what happened, what to do, and the details folded away.

    ``case`` and ``data`` are those of the :class:`~slora_core.errors.SloraError`.
    """

    kind: str
    what: str
    remedy: str
    exit_code: int
    details: str = ""
    case: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunCancelledEvent(Event):
    """Last event of a run that was cancelled."""

    stage: str


EVENT_TYPES: Final[dict[str, type[Event]]] = {
    "run-started": RunStarted,
    "stage-started": StageStarted,
    "stage-finished": StageFinished,
    "progress": Progress,
    "memory": MemorySample,
    "notice": Notice,
    "task-finished": TaskFinished,
    "trial-finished": TrialFinished,
    "study-finished": StudyFinished,
    "run-finished": RunFinished,
    "run-failed": RunFailed,
    "run-cancelled": RunCancelledEvent,
}
EVENT_NAMES: Final = {cls: name for name, cls in EVENT_TYPES.items()}
FINAL_EVENTS: Final = (RunFinished, StudyFinished, RunFailed, RunCancelledEvent)


def event_from_json(line: str) -> Event:
    """Inverse of :meth:`Event.to_json`. Raises ``ValueError`` for an unknown event."""
    data = json.loads(line)
    name = data.pop("event")
    if name not in EVENT_TYPES:
        raise ValueError(f"unknown event {name!r}; expected one of {', '.join(EVENT_TYPES)}")
    if "peaks" in data:
        data["peaks"] = StagePeaks(**data["peaks"])
    return EVENT_TYPES[name](**data)
