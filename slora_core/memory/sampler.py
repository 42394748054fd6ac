"""A thread that samples memory at a fixed rate, for the picture; peaks come from counters, not from here."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from slora_core.events import Event, MemorySample, Notice
from slora_core.memory.meter import Meter, Reading
from slora_core.memory.other_processes import OtherProcessWatch
from slora_core.memory.probe import Probe, SystemReading
from slora_core.memory.sizes import format_size

MARKS: Final = {"budget-near": 0.8, "budget-crossed": 1.0}
REARM: Final = 0.7


class Position(Protocol):
    """Where a run is: its clock, its innermost open stage, and whether the budget binds it. A RunContext is one."""

    @property
    def stage_path(self) -> str: ...

    @property
    def bound(self) -> bool: ...

    def now(self) -> float: ...


class BudgetWatch:
    """Says when usage rises above 80 % and above the whole of the budget; each once until it was below 70 %."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._armed = dict(MARKS)

    def look(self, used_bytes: int, t_s: float, stage: str) -> list[Notice]:
        """Notices for a new reading; a jump past both marks gives both."""
        ratio = used_bytes / self._budget
        if ratio < REARM:
            if len(self._armed) < len(MARKS):
                self._armed = dict(MARKS)
            return []
        crossed = [kind for kind, mark in self._armed.items() if ratio > mark]
        return [self._notice(kind, self._armed.pop(kind), used_bytes, t_s, stage) for kind in crossed]

    def _notice(self, kind: str, mark: float, used_bytes: int, t_s: float, stage: str) -> Notice:
        used, budget = format_size(used_bytes), format_size(self._budget)
        message = f"memory is above {mark:.0%} of the budget: {used} of {budget}"
        return Notice(t_s, kind, message, stage, {"used_bytes": used_bytes, "budget_bytes": self._budget})


class Sampler:
    """Hands a MemorySample to ``emit`` at ``hz``, from its own thread, between entering and leaving the context.

    Ticks have absolute deadlines, so the rate does not drift; a late tick skips the deadlines it missed. The first
    sample is taken at once and one more at the end. ``hz`` 0 takes none. A counter that raises gives None in that
    sample. What ``emit`` raises ends the sampling and is raised again on leaving.

    After a run ``ticks``, ``skipped``, ``min_tick_s`` (the cheapest tick) and ``cpu_s``
    (of the sampling thread in all) tell what the sampling was and cost.
    """

    def __init__(
        self,
        hz: float,
        *,
        meter: Meter,
        probe: Probe,
        position: Position,
        emit: Callable[[Event], None],
        budget_bytes: int | None = None,
    ) -> None:
        self.ticks = 0
        self.skipped = 0
        self.min_tick_s = math.inf
        self.cpu_s = 0.0
        self._period_s = 1 / hz if hz else 0.0
        self._meter = meter
        self._probe = probe
        self._position = position
        self._emit = emit
        self._watch = BudgetWatch(budget_bytes) if budget_bytes else None
        self._others = OtherProcessWatch()
        # A lock that is held until the end: waiting for it is one call into C, an Event is a dozen in Python.
        self._stop = threading.Lock()
        self._stop.acquire()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="slora-sampler", daemon=True)

    def __enter__(self) -> Sampler:
        if self._period_s:
            self._thread.start()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._thread.ident is not None:
            self._stop.release()
            self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _work(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._error = error
        self.cpu_s = time.thread_time()

    def _run(self) -> None:
        start = time.perf_counter()
        due = 0
        stopped = False
        while not stopped:
            self._tick()
            elapsed = time.perf_counter() - start
            due, skipped = next_deadline(due, elapsed, self._period_s)
            self.skipped += skipped
            stopped = self._stop.acquire(timeout=max(0.0, due * self._period_s - elapsed))
        self._tick()

    def _tick(self) -> None:
        started = time.perf_counter()
        now, stage = self._position.now(), self._position.stage_path
        tensors, system = self._read_meter(), self._read_probe()
        self._emit(
            MemorySample(
                t_s=now,
                stage=stage,
                allocated_bytes=tensors.allocated_bytes,
                reserved_bytes=tensors.reserved_bytes,
                process_bytes=system.process_bytes,
                device_used_bytes=system.device_used_bytes,
                device_total_bytes=system.device_total_bytes,
                rss_bytes=system.rss_bytes,
                tensor_ram_bytes=tensors.tensor_ram_bytes,
            )
        )
        used = tensors.bounded_bytes
        if self._watch is not None and used is not None and self._position.bound:
            for notice in self._watch.look(used, now, stage):
                self._emit(notice)
        for notice in self._others.look(system, now, stage):
            self._emit(notice)
        self.ticks += 1
        self.min_tick_s = min(self.min_tick_s, time.perf_counter() - started)

    def _read_meter(self) -> Reading:
        try:
            return self._meter.read()
        except Exception:
            return Reading(None)

    def _read_probe(self) -> SystemReading:
        try:
            return self._probe.read()
        except Exception:
            return SystemReading(None, None, None, None)


def next_deadline(due: int, elapsed_s: float, period_s: float) -> tuple[int, int]:
    """(number of the next deadline, deadlines missed) after deadline ``due``, ``elapsed_s`` after number 0."""
    following = max(due + 1, math.ceil(elapsed_s / period_s))
    return following, following - due - 1
