"""What a stage is given beside its data: the device, the counters, the cancel token and the way to report.

Stages know nothing of pipelines, processes or windows; they open stages, advance and pass checkpoints here.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from slora_core.cancel import CancelToken
from slora_core.events import Event, Notice, Progress, StageFinished, StagePeaks, StageStarted
from slora_core.memory.meter import Meter, NoMeter
from slora_core.peers import ALONE, Peers

if TYPE_CHECKING:
    import torch

PROGRESS_INTERVAL_S: Final = 0.05
ETA_AFTER_S: Final = 1.5
LOAD_POLL_S: Final = 0.02


@dataclass(slots=True)
class _OpenStage:
    path: str
    total: int
    unit: str
    expected_s: float
    started_s: float
    done: int = 0
    reached: float = 0.0
    bound: bool = True


class Peaks(Protocol):
    """A stack of peak counts: ``push`` starts a nested one, ``pop`` ends it and returns its peak, or None."""

    def push(self) -> None: ...

    def pop(self) -> int | None: ...


class _NoPeaks:
    def push(self) -> None:
        return

    def pop(self) -> int | None:
        return None


class RunContext:
    """One run's surroundings.

    ``predicted_s`` maps stage paths to planned seconds; the overall fraction and ETA are weighted with it, and with
    ``unplanned_s`` of stages that the plan leaves out, which have no prediction.
    ``rss_peaks`` gives the exact peak RSS of each stage (``memory.probe.RssPeaks``); inside ``unbudgeted()`` memory is
    counted and not refused, for work that precedes compensation (training a model). ``peers`` are the processes that
    share the run, and ``shared`` is a folder that all of them see; ``scratch`` is this process's own.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        meter: Meter | None = None,
        emit: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
        scratch: Path | None = None,
        predicted_s: Mapping[str, float] | None = None,
        predicted_peak_bytes: Mapping[str, int] | None = None,
        unplanned_s: Mapping[str, float] | None = None,
        rss_peaks: Peaks | None = None,
        unbudgeted: Callable[[], AbstractContextManager[None]] = nullcontext,
        peers: Peers = ALONE,
        shared: Path | None = None,
    ) -> None:
        self.device = device
        self.meter: Meter = meter or NoMeter()
        self.rss_peaks: Peaks = rss_peaks or _NoPeaks()
        self._unbudgeted = unbudgeted
        self._outside = 0
        self._bound_peak_bytes = 0
        self._left_budget = False
        self.cancel = cancel or CancelToken()
        self.scratch = scratch or Path(tempfile.gettempdir())
        self.peers = peers
        self.shared = shared or self.scratch
        self._emit = emit
        self._predicted_s = dict(predicted_s or {})
        self._predicted_peak = dict(predicted_peak_bytes or {})
        self._unplanned_s = dict(unplanned_s or {})
        self._total_s = self._sum_s()
        self._finished_s = 0.0
        self._stack: list[_OpenStage] = []
        self._origin = time.perf_counter()
        self._last_progress = -1.0

    @property
    def stage_path(self) -> str:
        """Dotted path of the innermost open stage, "" between stages. Safe to read from another thread."""
        try:
            return self._stack[-1].path
        except IndexError:
            return ""

    @property
    def bound(self) -> bool:
        """Whether the budget binds what the run does now. Safe to read from another thread."""
        return not self._outside

    @property
    def bound_peak_bytes(self) -> int | None:
        """Peak of the stages that have ended and had no part outside the budget, by the counter that it bounds.

        None: nothing was outside, and the peak of the run is it.
        """
        return self._bound_peak_bytes if self._left_budget else None

    @contextmanager
    def unbudgeted(self) -> Iterator[None]:
        """Memory is counted and not refused; the stages that are open are not held against the budget."""
        for stage in self._stack:
            stage.bound = False
        self._outside += 1
        self._left_budget = True
        try:
            with self._unbudgeted():
                yield
        finally:
            self._outside -= 1

    def expect(self, predicted_s: Mapping[str, float], predicted_peak_bytes: Mapping[str, int]) -> None:
        """Replace the predictions of all stages: the run was planned again."""
        self._predicted_s = dict(predicted_s)
        self._predicted_peak = dict(predicted_peak_bytes)
        self._total_s = self._sum_s()

    def now(self) -> float:
        """Seconds since the run started."""
        return time.perf_counter() - self._origin

    def emit(self, event: Event) -> None:
        if self._emit is not None:
            self._emit(event)

    def load(self, load: Callable[[], object]) -> None:
        """Call ``load``, which imports a library for a second or so, and answer a cancel meanwhile."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="slora-load")
        try:
            loading = pool.submit(load)
            while not loading.done():
                self.checkpoint()
                wait((loading,), LOAD_POLL_S)
            loading.result()
        finally:
            pool.shutdown(wait=False)

    def checkpoint(self) -> None:
        """Call between chunks: raises RunCancelled when the run was asked to stop."""
        self.cancel.raise_if_cancelled()

    @contextmanager
    def stage(self, name: str, *, total: int = 0, unit: str = "") -> Iterator[None]:
        """A named stage with its peaks; nests. ``total`` of ``unit`` is what :meth:`advance` counts up to."""
        self.checkpoint()
        parent = self.stage_path
        path = f"{parent}.{name}" if parent else name
        predicted = self._predicted_s.get(path)
        self.emit(StageStarted(self.now(), path, parent, self._predicted_peak.get(path), predicted))
        self.rss_peaks.push()
        self.meter.push()
        started, communicated = self.now(), self.peers.communicated_bytes
        expected = self._unplanned_s.get(path, 0.0) if predicted is None else predicted
        self._stack.append(_OpenStage(path, total, unit, expected, started))
        completed = False
        try:
            yield
            completed = True
        finally:
            bound = self._stack.pop().bound
            peak = self.meter.pop()
            if bound and peak.bounded_bytes is not None:
                self._bound_peak_bytes = max(peak.bounded_bytes, self._bound_peak_bytes)
            self._finished_s += expected
            self.emit(
                StageFinished(
                    self.now(),
                    path,
                    self.now() - started,
                    StagePeaks(peak.allocated_bytes, peak.reserved_bytes, self.rss_peaks.pop()),
                    self.meter.read().allocated_bytes,
                    completed,
                    self.peers.communicated_bytes - communicated if self.peers.size > 1 else None,
                )
            )

    def advance(self, amount: int = 1) -> None:
        """Report progress of the innermost stage and pass a checkpoint."""
        self.checkpoint()
        if self._stack:
            self._stack[-1].done += amount
            self._report(self._stack[-1])

    def come_to(self, amount: float) -> None:
        """Report that the units under way in the innermost stage come to ``amount``, and pass a checkpoint.

        They are done with the next :meth:`advance`; what was reported is never taken back.
        """
        self.checkpoint()
        if self._stack:
            stage = self._stack[-1]
            stage.reached = max(stage.reached, stage.done + amount)
            self._report(stage)

    def _report(self, stage: _OpenStage) -> None:
        stage.reached = max(stage.reached, stage.done)
        now = self.now()
        if now - self._last_progress < PROGRESS_INTERVAL_S and stage.done != stage.total:
            return
        self._last_progress = now
        fraction, eta = self._overall(stage, now)
        under_way = stage.reached - stage.done
        self.emit(Progress(now, stage.path, stage.done, stage.total, stage.unit, fraction, eta, under_way=under_way))

    def notice(self, kind: str, message: str, **data: Any) -> None:
        self.emit(Notice(self.now(), kind, message, self.stage_path, data))

    def _sum_s(self) -> float:
        return sum(self._predicted_s.values()) + sum(self._unplanned_s.values())

    def _overall(self, stage: _OpenStage, now: float) -> tuple[float | None, float | None]:
        if self._total_s <= 0:
            return None, None
        inside = stage.reached / stage.total if stage.total else 0.0
        done_s = self._finished_s + stage.expected_s * min(1.0, inside)
        fraction = min(1.0, done_s / self._total_s)
        if now < ETA_AFTER_S or fraction < 0.02:
            return fraction, None
        return fraction, now * (1 - fraction) / fraction
