"""Follows the ranks of a run through the hub: passes on their events, finds out which is lost, and ends the run once.

Torch-free.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from slora_core.cancel import CancelToken
from slora_core.config import DistributedConfig, RunConfig
from slora_core.distributed.failure import failed_rank, hanging_rank, lost_rank, name_of
from slora_core.distributed.hub import LOST, Hub, Message, RankState
from slora_core.distributed.link import STOPPED_EXIT
from slora_core.distributed.messages import END, EVENT, HELLO
from slora_core.events import Event, Notice, RunCancelledEvent, RunFailed, RunFinished, RunStarted, event_from_json
from slora_core.streams.streaming import Emit
from slora_core.streams.trace import RunTrace

_POLL_S: Final = 0.05
SETTLE_S: Final = 2.0
"""How long a consequence (a rank that lost its connection) waits for its cause."""


class Processes(Protocol):
    """The ranks' processes as whoever started them knows them."""

    def ended(self) -> bool:
        """No rank runs any more, and none will be started again."""

    def exit_status(self, rank: int) -> int | None:
        """How the process of ``rank`` ended (negative: a signal), None when it is not known."""

    def output(self, rank: int) -> str:
        """The last that it printed."""


@dataclass(slots=True)
class _Cause:
    """Why the run cannot go on. A consequence gives way to a cause."""

    rank: int
    describe: Callable[[], RunFailed]
    consequence: bool
    since_s: float
    reported: bool = False


class Supervision:
    """One run of ``size`` ranks. :meth:`run` returns after it has emitted the final event.

    ``restarts`` tells how many more times the launcher begins again after a rank is lost; the ranks of the next attempt
    take the place of the old.
    """

    def __init__(  # noqa: PLR0917
        self, hub: Hub, size: int, settings: DistributedConfig, processes: Processes, emit: Emit, cancel: CancelToken
    ) -> None:
        self._hub = hub
        self._size = size
        self._settings = settings
        self._processes = processes
        self._emit = emit
        self._cancel = cancel
        self._attempt = 0
        self._traces: dict[int, RunTrace] = {}
        self._started = False
        self._finished: RunFinished | None = None
        self._gone: set[int] = set()
        self._cause: _Cause | None = None
        self._asked_s: float | None = None
        self._stopped_s: float | None = None
        self._quiet = False

    def run(self) -> None:
        while (final := self._final()) is None:
            message = self._hub.next_message(_POLL_S)
            self._quiet = message is None
            if message is not None:
                self._hear(message)
            self._look_for_hanging()
            self._pass_on_cancel()
            self._stop_the_others()
        self._emit(final)

    def _hear(self, message: Message) -> None:
        state = message.state
        if state.attempt < self._attempt:
            return
        if message.kind == HELLO:
            if state.attempt > self._attempt:
                self._begin_again(state.attempt)
            self._tell_latecomer()
        elif message.kind == EVENT:
            self._hear_event(state, event_from_json(message.data["line"]))
        elif message.kind == END:
            self._gone.add(state.rank)
            self._hear_end(state, message)
        elif message.kind == LOST:
            self._gone.add(state.rank)
            self._blame(state.rank, self._lost(state.rank, name_of(state, self._size)), consequence=False)

    def _hear_event(self, state: RankState, event: Event) -> None:
        self._trace(state.rank).see(event)
        if isinstance(event, RunFinished):
            self._finished = event
        elif not (isinstance(event, RunStarted) and self._started):
            self._started = self._started or isinstance(event, RunStarted)
            self._emit(event)

    def _hear_end(self, state: RankState, message: Message) -> None:
        line = message.data.get("line")
        final = None if line is None else event_from_json(line)
        if isinstance(final, RunFailed):
            told = partial(failed_rank, state.rank, self._size, final)
            self._blame(state.rank, told, consequence=final.kind == "peer-lost", reported=True)
        elif isinstance(final, RunCancelledEvent) and self._asked_s is None and self._stopped_s is None:
            self._blame(state.rank, self._lost(state.rank, name_of(state, self._size)), consequence=True)

    def _lost(self, rank: int, who: str) -> Callable[[], RunFailed]:
        trace, processes = self._trace(rank), self._processes
        return lambda: lost_rank(who, trace, self._now_s(), processes.exit_status(rank), processes.output(rank))

    def _blame(
        self, rank: int, describe: Callable[[], RunFailed], *, consequence: bool, reported: bool = False
    ) -> None:
        """The first cause stays; a consequence stays only until a cause is known."""
        if self._cause is None or (self._cause.consequence and not consequence):
            self._cause = _Cause(rank, describe, consequence, time.monotonic(), reported and not consequence)

    def _look_for_hanging(self) -> None:
        now_s, limit_s = time.monotonic(), self._settings.timeout_s
        for state in self._hub.ranks:
            if state.rank in self._gone or state.attempt != self._attempt or self._cause is not None:
                continue
            silent = now_s - state.heard_s > limit_s
            if not silent and (state.waiting or state.heard_s - state.progress_s <= limit_s):
                continue
            who, trace = name_of(state, self._size), self._trace(state.rank)
            told = hanging_rank(who, trace, self._now_s(), limit_s, silent=silent)
            self._gone.add(state.rank)
            self._blame(state.rank, partial(_identity, told), consequence=False)
            if state.host == platform.node():
                with suppress(OSError):
                    os.kill(state.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _pass_on_cancel(self) -> None:
        if self._cancel.cancelled and self._asked_s is None:
            self._asked_s = time.monotonic()
            self._hub.cancel()

    def _tell_latecomer(self) -> None:
        """A rank that connects when the others have been told already."""
        if self._asked_s is not None:
            self._hub.cancel()
        elif self._stopped_s is not None and self._cause is not None:
            self._hub.stop(exit_code=self._exit_code(self._cause))

    @staticmethod
    def _exit_code(cause: _Cause) -> int:
        """0 for what would fail again: the launcher does not start ranks again that ended well."""
        return 0 if cause.reported else STOPPED_EXIT

    def _stop_the_others(self) -> None:
        """Once the cause is known: ranks that wait for the lost one would wait for ever."""
        cause = self._cause
        if cause is None or self._stopped_s is not None or self._asked_s is not None:
            return
        if not cause.consequence or time.monotonic() - cause.since_s > SETTLE_S:
            self._stopped_s = time.monotonic()
            self._hub.stop(exit_code=self._exit_code(cause))

    def _begin_again(self, attempt: int) -> None:
        cause, self._cause = self._cause, None
        why = cause.describe().what if cause else "the ranks were started again"
        message = f"{why}; all ranks begin again, restart {attempt} of {self._settings.max_restarts}"
        self._emit(Notice(self._now_s(), "restart", message, "", {"attempt": attempt}))
        self._attempt = attempt
        self._gone.clear()
        self._traces.clear()
        self._finished, self._stopped_s = None, None

    def _final(self) -> Event | None:
        """The final event, when it is due."""
        everyone = len(self._gone) >= self._size
        if self._asked_s is not None:
            return self._cancelled(self._asked_s) if everyone or self._late(self._asked_s) else None
        if self._cause is None and everyone and self._finished is not None:
            return self._finished
        if self._cause is None:
            return self._never_connected() if self._over() else None
        late = self._stopped_s is not None and self._late(self._stopped_s) and not self._may_begin_again()
        return self._cause.describe() if late or self._over() else None

    def _cancelled(self, asked_s: float) -> Event:
        """What was the case before the cancel stays the case: a launcher asks its ranks to end when one is lost."""
        if self._cause is not None and self._cause.since_s < asked_s:
            return self._cause.describe()
        return self._finished or RunCancelledEvent(self._now_s(), self._trace(0).stage)

    def _over(self) -> bool:
        """No rank runs any more, and everything that they said is heard."""
        return self._quiet and self._processes.ended()

    def _late(self, since_s: float) -> bool:
        return self._over() or time.monotonic() - since_s > self._settings.grace_s + SETTLE_S

    def _may_begin_again(self) -> bool:
        return self._attempt < self._settings.max_restarts and not (self._cause and self._cause.reported)

    def _never_connected(self) -> Event:
        """Every process has ended, and one of them without a word."""
        if self._finished is not None and len(self._gone) >= self._size:
            return self._finished
        known = {rank: self._processes.exit_status(rank) for rank in range(self._size)}
        rank = next((rank for rank, status in known.items() if status), 0)
        return self._lost(rank, f"rank {rank} of {self._size}")()

    def _trace(self, rank: int) -> RunTrace:
        return self._traces.setdefault(rank, RunTrace(rank))

    def _now_s(self) -> float:
        return self._trace(0).now_s


def as_asked(config: RunConfig, emit: Emit) -> Emit:
    """``emit`` whose record of the run has the configuration that was asked for, and not what rank 0 made of it."""

    def passed_on(event: Event) -> None:
        emit(dataclasses.replace(event, config=config.to_dict()) if isinstance(event, RunStarted) else event)

    return passed_on


def _identity(failure: RunFailed) -> RunFailed:
    return failure
