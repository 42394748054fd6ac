"""What a run has told of itself so far: its clock and its stage, for whoever must speak when it no longer can."""

from __future__ import annotations

import time

from slora_core.events import Event, MemorySample, StageFinished, StageStarted


class RunTrace:
    """Follows the events of one run, of several ranks one. ``rss_bytes`` is the last sample of its resident memory."""

    def __init__(self, rank: int = 0) -> None:
        self._rank = rank
        self.rss_bytes: int | None = None
        self._origin_s = time.perf_counter()
        self._last_s: float | None = None
        self._open: list[str] = []
        self._cut = ""

    def see(self, event: Event) -> None:
        if self._last_s is None:
            self._origin_s = time.perf_counter() - event.t_s
        self._last_s = max(self._last_s or 0.0, event.t_s)
        if getattr(event, "rank", self._rank) != self._rank:
            return
        if isinstance(event, StageStarted):
            self._open.append(event.stage)
            self._cut = ""
        elif isinstance(event, StageFinished):
            self._finish(event)
        elif isinstance(event, MemorySample):
            self.rss_bytes = event.rss_bytes

    @property
    def stage(self) -> str:
        """The innermost open stage, or the one that was cut off while the stages around it were left; "" for none."""
        return self._cut or (self._open[-1] if self._open else "")

    @property
    def now_s(self) -> float:
        """Seconds on the clock of the run, never before its last event."""
        return max(self._last_s or 0.0, time.perf_counter() - self._origin_s)

    def _finish(self, event: StageFinished) -> None:
        if event.stage in self._open:
            self._open.remove(event.stage)
        self._cut = "" if event.completed else self._cut or event.stage
