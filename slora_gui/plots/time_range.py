"""Which stretch of time is in view, of a run that may still grow."""

from __future__ import annotations

import math

_SHORTEST_S = 0.02
_FIRST_S = 10.0
_STEPS_PER_VIEW = 16


class TimeRange:
    """``start_s`` and ``end_s`` of the view. While it follows, new samples stay in view.

    The edge moves on in steps of a sixteenth of the view, so that axes stand still between the steps.
    """

    def __init__(self) -> None:
        self.start_s = 0.0
        self.end_s = _FIRST_S
        self.following = True
        self._whole = True
        self._data_end_s = 0.0
        self._growing = False

    def set_data_end(self, end_s: float, growing: bool) -> bool:
        """The run has samples up to ``end_s``, and ``growing`` says that more come. Whether the view has moved."""
        self._data_end_s, self._growing = end_s, growing
        if not self.following:
            return False
        before = self.start_s, self.end_s
        if self._whole:
            self.start_s, self.end_s = 0.0, self._edge(max(end_s, _SHORTEST_S))
        elif end_s > self.end_s or not growing:
            span = self.end_s - self.start_s
            self.end_s = end_s + (span / _STEPS_PER_VIEW if growing else 0.0)
            self.start_s = self.end_s - span
        return (self.start_s, self.end_s) != before

    def reset(self) -> None:
        """The whole run, followed."""
        self.following = self._whole = True
        self.set_data_end(self._data_end_s, self._growing)

    def zoom(self, factor: float, center_s: float) -> None:
        """Make the view ``factor`` times as long; ``center_s`` stays where it is."""
        low, high = self._limits()
        span = min(max((self.end_s - self.start_s) * factor, _SHORTEST_S), high - low)
        part = (center_s - self.start_s) / (self.end_s - self.start_s)
        self.show(center_s - part * span, center_s + (1 - part) * span)

    def pan(self, seconds: float) -> None:
        self.show(self.start_s + seconds, self.end_s + seconds)

    def show(self, start_s: float, end_s: float) -> None:
        """Show this stretch, kept inside the run; go on following when it holds the latest sample of a growing run."""
        low, high = self._limits()
        span = min(max(end_s - start_s, _SHORTEST_S), high - low)
        start_s = max(low, min(start_s, high - span))
        self.start_s, self.end_s = start_s, start_s + span
        self._whole = span >= (high - low) * 0.999
        self.following = self._whole or (self._growing and self.end_s >= self._data_end_s)

    def _limits(self) -> tuple[float, float]:
        return 0.0, self._edge(max(self._data_end_s, _SHORTEST_S))

    def _edge(self, end_s: float) -> float:
        """Right edge of a view of everything: the end of a finished run, the next step of a growing one."""
        if not self._growing:
            return end_s
        if end_s <= _FIRST_S * 0.95:
            return _FIRST_S
        step = 2.0 ** math.floor(math.log2(end_s)) / _STEPS_PER_VIEW * 2
        return math.ceil(end_s * 1.01 / step) * step
