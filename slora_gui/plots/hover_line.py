"""The sample that the pointer or the keyboard has chosen, shown by a crosshair in every panel."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from slora_gui.model.stage_texts import stage_text
from slora_gui.plots.axes import time_text
from slora_gui.plots.memory_panel import MemoryPanel
from slora_gui.plots.statistics import MemoryCurves, readout_at

_SAME_MOMENT_S = 1e-3
_READABLE_S = 0.25  # figures that change faster cannot be read


class HoverLine(QObject):
    """``moved`` carries a Readout, or None when no sample is chosen any more."""

    moved = Signal(object)

    def __init__(self, panels: Sequence[MemoryPanel], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels = tuple(panels)
        self._samples = MemoryCurves()
        self._growing = False
        self._index: int | None = None
        self._told_at = 0.0

    @property
    def t_s(self) -> float | None:
        """Time of the chosen sample."""
        return None if self._index is None else float(self._samples.t_s[self._index])

    def set_samples(self, samples: MemoryCurves, growing: bool) -> None:
        """The samples to choose from; of a run that is ``growing``. The keys show the last one when none is chosen."""
        here = self.t_s
        self._samples, self._growing = samples, growing
        if here is None or not len(samples):
            self.clear()
        else:
            self._index = samples.nearest(here)

    def move_to(self, t_s: float | None) -> None:
        """Choose the sample nearest to a time; None: no sample."""
        if t_s is None or not len(self._samples):
            self.clear()
            return
        index = self._samples.nearest(t_s)
        if index != self._index:
            self._choose(index)

    def walk_samples(self, count: int, begin_s: float) -> None:
        """Move by ``count`` samples; choose the one at ``begin_s`` where none is chosen."""
        if not len(self._samples):
            return
        if self._index is None:
            self._choose(self._samples.nearest(begin_s))
        else:
            self._choose(min(max(self._index + count, 0), len(self._samples) - 1))

    def walk_stages(self, direction: int, begin_s: float) -> None:
        """Move to the next start of a stage after (1) or before (-1) the chosen sample, or ``begin_s``."""
        if not len(self._samples):
            return
        here = begin_s if self.t_s is None else self.t_s
        starts = sorted({band.start_s for band in self._samples.bands}, reverse=direction < 0)
        for start_s in (start for start in starts if (start - here) * direction > _SAME_MOMENT_S):
            index = self._samples.nearest(start_s)
            if index != self._index:
                self._choose(index)
                return

    def retranslate(self) -> None:
        if self._index is not None:
            self._choose(self._index)

    def clear(self) -> None:
        now = time.monotonic()
        if self._index is not None or not self._growing or now - self._told_at > _READABLE_S:
            self._told_at = now
            last = readout_at(self._samples, len(self._samples) - 1) if len(self._samples) else None
            for panel in self._panels:
                panel.leave(last)
        if self._index is not None:
            self._index = None
            self.moved.emit(None)

    def _choose(self, index: int) -> None:
        self._index = index
        readout = readout_at(self._samples, index)
        moment = time_text(readout.t_s, 0.01)
        for panel in self._panels:
            last = panel is self._panels[-1]
            panel.point_at(readout, " · ".join(filter(None, (moment, stage_text(readout.stage)))) if last else "")
        self.moved.emit(readout)
