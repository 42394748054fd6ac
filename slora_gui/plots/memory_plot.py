"""Memory of a run over time: the compute device above, host RAM below, on one time axis with one hover line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slora_core.memory.sizes import format_size
from slora_gui.plots import memory_keys
from slora_gui.plots.bands import left_open
from slora_gui.plots.base import Plot
from slora_gui.plots.budget_line import BudgetLine, PredictedPeak, share_text
from slora_gui.plots.curves import CURVES
from slora_gui.plots.hover_line import HoverLine
from slora_gui.plots.memory_panel import MemoryPanel
from slora_gui.plots.shared_region import SharedRegion
from slora_gui.plots.statistics import MemoryCurves, Readout, region_statistics
from slora_gui.plots.table import SampleRows, TableData
from slora_gui.plots.time_range import TimeRange

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

_GROWING: Final = ("starting", "running")
_LONGEST_WAIT_S: Final = 1.0
_SHORTEST_WAIT_S: Final = 0.08
_STAGES_WAIT_S: Final = 0.4  # drawing them takes the longer the more there are
_WORTH_PIXELS: Final = 2.0
_BUDGET_IN_VIEW: Final = 3.0


class MemoryPlot(Plot):
    """Shows a live or an opened run; :meth:`refresh` looks for what is new and is cheap when nothing is.

    ``budget_dragged`` and ``budget_released`` carry bytes, ``region_changed`` RegionStatistics or None, ``hovered`` a
    Readout or None.
    """

    budget_dragged = Signal(object)
    budget_released = Signal(object)
    region_changed = Signal(object)
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self._samples = MemoryCurves()
        self._range = TimeRange()
        self._seen_version = -1
        self._refreshed_at = self._staged_at = self._end_s = 0.0
        self._stages_changed = False
        self._growing = self._paused = False
        self._device_total: int | None = None
        self._device_kind = self._device_name = ""
        self.device = MemoryPanel([c for c in CURVES if c.panel == "device"], time_labels=False, parent=self.content)
        self.host = MemoryPanel([c for c in CURVES if c.panel == "host"], time_labels=True, parent=self.content)
        self.budget = BudgetLine(self.device.view, self._budget_text)
        self.forecast = PredictedPeak(self.device.view, self._forecast_text, self.device.peaks.set_occupied)
        self.hover = HoverLine([self.device, self.host], self)
        self.region = SharedRegion([self.device.region, self.host.region], self)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.device, 3)
        column.addWidget(self.host, 2)
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(360, 240)
        self.set_theme(self.theme)
        self.retranslate()
        self._show_time()

    def set_run(self, run: RunModel | None) -> None:
        """Show another run, whole; None for none."""
        if self._run is not None:
            self._run.changed.disconnect(self._note_change)
        self._run = run
        self._samples = MemoryCurves()
        self._seen_version, self._stages_changed, self._growing, self._staged_at = -1, True, False, 0.0
        self._range, self._end_s = TimeRange(), 0.0
        self.hover.set_samples(self._samples, growing=False)
        self.region.clear()
        if run is None:
            self._draw_samples()
            self._draw_stages()
        else:
            run.changed.connect(self._note_change)
            self._take(run)
        self._retitle()
        self._show_time(exactly=True)

    def refresh(self) -> None:
        """Take over what the run has gained, unless paused or too little to be seen yet."""
        run = self._run
        if run is None or self._paused or not self.isVisible():
            return
        growing = run.status in _GROWING
        if growing == self._growing:
            new = run.samples.version != self._seen_version or self._stages_changed
            if not new or (growing and not self._worth_drawing(run)):
                return
        self._take(run)
        self._show_time(exactly=not growing)

    def set_budget(self, budget_bytes: int | None) -> None:
        """None is unlimited: no line."""
        if self.budget.dragging or budget_bytes == self.budget.budget_bytes:
            return
        self.budget.set_budget(budget_bytes)
        self.focus_budget(self.budget_focused)
        self._show_time()

    def set_device(self, kind: str, name: str, total_bytes: int | None) -> None:
        """Of a run that has not begun: "cpu" or "cuda", and the memory that a budget is a share of; None: not known."""
        self._device_kind, self._device_name, self._device_total = kind, name, total_bytes
        self._retitle()
        self.budget.update()

    def set_forecast(self, predicted_bytes: int | None) -> None:
        """The predicted peak, as a thin line."""
        self.forecast.set_predicted(predicted_bytes)
        if not self.budget.dragging:
            self._show_time()

    def set_paused(self, paused: bool) -> None:
        """Pause the view; the run and its capture go on."""
        self._paused = paused
        self.device.header.set_note(self.tr("view paused") if paused else "")
        if not paused and self._run is not None:
            self._take(self._run)
            self._show_time()

    def reset_view(self) -> None:
        """The whole run, following its end."""
        self._range.reset()
        self._show_time(exactly=True)

    def zoom_to_region(self) -> None:
        if (span := self.region.span_s) is not None:
            self._range.show(*span)
            self._show_time(exactly=True)

    def mark_region(self) -> None:
        """Mark the middle third of the view, to be dragged from there."""
        self.region.show(self._range.start_s + self.time_span_s / 3, self._range.end_s - self.time_span_s / 3)

    def zoom_view(self, factor: float, center_s: float | None = None) -> None:
        """Make the view ``factor`` times as long around ``center_s``, or the crosshair, or the middle."""
        if center_s is None:
            center_s = self._middle_s if self.hover.t_s is None else self.hover.t_s
        self._range.zoom(factor, center_s)
        self._show_time()

    def pan_view(self, seconds: float) -> None:
        """Move the view; it stays inside the run."""
        self._range.pan(seconds)
        self._show_time()

    @property
    def time_span_s(self) -> float:
        """Seconds in view."""
        return self._range.end_s - self._range.start_s

    def walk_samples(self, count: int) -> None:
        """Move the crosshair by ``count`` samples; it begins at the middle of the view."""
        self.hover.walk_samples(count, self._middle_s)

    def walk_stages(self, direction: int) -> None:
        """Move the crosshair to the next start of a stage after (1) or before (-1) it."""
        self.hover.walk_stages(direction, self._range.start_s)

    @property
    def budget_focused(self) -> bool:
        return self.budget.focused

    def focus_budget(self, focused: bool) -> None:
        """Let Up and Down move the budget line; without a budget there is nothing to hold."""
        self.budget.set_focused(focused and self.budget.budget_bytes is not None)

    def step_budget(self, direction: int, *, free: bool = False) -> None:
        """Move the budget to the next sensible size; ``free``: by one pixel. As a drag, released with the key."""
        budget_bytes = self.budget.step(direction, free)
        if budget_bytes is not None and budget_bytes != self.budget.budget_bytes:
            self.budget.set_budget(budget_bytes)
            self._show_time()
            self.budget_dragged.emit(budget_bytes)

    def let_go(self) -> bool:
        """Drop what is held: the budget line, the region, or the crosshair. Whether there was one."""
        if self.budget_focused:
            self.focus_budget(False)
        elif self.region.span_s is not None:
            self.region.clear()
        elif self.hover.t_s is not None:
            self.hover.clear()
        else:
            return False
        return True

    def data_table(self) -> TableData:
        """Every sample of the run, with the names of the run's CSV files."""
        counters = self._samples.counters
        return TableData(
            self.tr("Memory samples"),
            ("t_s", "stage", *counters),
            (True, False, *(True for _ in counters)),
            SampleRows(self._samples.t_s, self._samples.stages, counters),
        )

    def apply_theme(self) -> None:
        for panel in (self.device, self.host):
            panel.set_theme(self.theme)
            panel.plot.set_fonts()
        self.budget.set_theme(self.theme)
        self.forecast.set_theme(self.theme)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Memory of the run over time"))
        keys = self.tr(
            "Arrow keys move from sample to sample, plus and minus zoom, Home shows everything, B holds the budget"
        )
        self.setAccessibleDescription(keys)
        names = self.tr("Memory of the compute device"), self.tr("Memory of the host")
        for panel, name in zip((self.device, self.host), names, strict=True):
            panel.retranslate(name)
        self.forecast.retranslate()
        self.set_paused(self._paused)
        self.hover.retranslate()
        self._retitle()
        self._show_time()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not memory_keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.budget_focused and not event.isAutoRepeat():
            self.budget_released.emit(self.budget.budget_bytes)
            return
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.focus_budget(False)
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_time()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _connect(self) -> None:
        for panel in (self.device, self.host):
            panel.hovered.connect(self.hover.move_to)
            panel.visibility_changed.connect(self._visibility_changed)
            panel.view.pan_requested.connect(self.pan_view)
            panel.view.zoom_requested.connect(self.zoom_view)
            panel.view.region_requested.connect(self._mark)
            panel.view.reset_requested.connect(self.reset_view)
        self.hover.moved.connect(self._hover_moved)
        self.region.changed.connect(self._region_changed)
        self.budget.dragged.connect(self.budget_dragged)
        self.budget.released.connect(self._budget_released)
        self.budget.wants_room.connect(self._give_budget_room)

    @property
    def _middle_s(self) -> float:
        return (self._range.start_s + self._range.end_s) / 2

    def _note_change(self, aspect: str) -> None:
        if aspect in ("stages", "status", "plan"):
            self._stages_changed = True
        if aspect == "status":
            self._retitle()

    def _worth_drawing(self, run: RunModel) -> bool:
        """Whether what is new is wide enough to be seen, or old enough, and the last picture not too young."""
        waited_s = time.monotonic() - self._refreshed_at
        if not _SHORTEST_WAIT_S <= waited_s <= _LONGEST_WAIT_S:
            return waited_s > _LONGEST_WAIT_S
        gained_s = run.samples.t_s[-1] - self._samples.t_s[-1] if len(run.samples) and len(self._samples) else 1e9
        return bool(gained_s * max(1.0, self.host.view.rect().width()) >= _WORTH_PIXELS * self.time_span_s)

    def _take(self, run: RunModel) -> None:
        store = run.samples
        self._seen_version, self._refreshed_at = store.version, time.monotonic()
        known = {curve.counter: store.counter(curve.counter) for curve in CURVES if store.has(curve.counter)}
        last_s = float(store.t_s[-1]) if len(store) else 0.0
        growing = run.status in _GROWING
        bands = self._samples.bands
        waited = time.monotonic() - self._staged_at >= _STAGES_WAIT_S
        stages_changed = self._stages_changed and (waited or growing != self._growing)
        if stages_changed or not growing:
            bands = run.bands()
            last_s = max([last_s, *(band.end_s for band in bands)])
            bands = left_open(bands, last_s) if growing else bands
        self._growing = growing
        self._samples = MemoryCurves(store.t_s, known, bands)
        self._range.set_data_end(max(last_s, self._end_s), growing)
        self._end_s = last_s
        self._draw_samples()
        if stages_changed:
            self._stages_changed, self._staged_at = False, time.monotonic()
            self._draw_stages()

    def _draw_samples(self) -> None:
        for panel in (self.device, self.host):
            panel.set_samples(self._samples)
        self.hover.set_samples(self._samples, self._growing)

    def _draw_stages(self) -> None:
        """Peaks of the innermost stages, of the counter that the budget bounds where it is shown."""
        for panel in (self.device, self.host):
            panel.bands.set_bands(self._samples.bands)
        stages = self._run.stages if self._run is not None else []
        bounded = "reserved_bytes" if "reserved_bytes" in self.device.shown_counters else "allocated_bytes"
        self.device.set_peaks(stages, bounded)
        self.host.set_peaks(stages, "rss_bytes")
        self.budget.set_clear(self.device.bands.names_height)
        self.forecast.set_clear(self.device.bands.names_height)

    def _show_time(self, *, exactly: bool = False) -> None:
        """Bring both panels to the time range, and their heights to what is in it."""
        start_s, end_s = self._range.start_s, self._range.end_s
        anything = self._run is not None or bool(self.budget.budget_bytes or self.forecast.predicted_bytes)
        self.set_empty("" if anything else self.tr("No run yet. Start one or open a run file to see its memory here."))
        top, budget = self._device_top(), self.budget.budget_bytes
        if budget is not None and (budget <= _BUDGET_IN_VIEW * top or not top):
            top = max(top, budget)
        host_top = self.host.top_of(self._samples, start_s, end_s)
        for panel, height in ((self.device, top), (self.host, host_top)):
            panel.show_range(start_s, end_s, None if self.budget.dragging else height, exactly=exactly)

    def _device_top(self) -> float:
        """The largest value to be shown in the device panel, the budget apart."""
        top = self.device.top_of(self._samples, self._range.start_s, self._range.end_s)
        return max(top, float(self.forecast.predicted_bytes or 0))

    def _give_budget_room(self) -> None:
        low, high = self.device.view.viewRange()[1]
        self.device.plot.show_range((self._range.start_s, self._range.end_s), (low, high * 1.08))

    def _budget_released(self, budget_bytes: int) -> None:
        if budget_bytes <= _BUDGET_IN_VIEW * self._device_top():
            self._show_time(exactly=True)
        elif budget_bytes > self.device.view.viewRange()[1][1]:
            self._give_budget_room()  # far above the curves it stays in view until the view changes
        self.budget_released.emit(budget_bytes)

    def _mark(self, start_s: float, end_s: float, finished: bool) -> None:
        if finished and end_s - start_s < self.time_span_s / 500:
            self.region.clear()
        else:
            self.region.show(start_s, end_s)

    def _region_changed(self) -> None:
        span = self.region.span_s
        self.region_changed.emit(region_statistics(self._samples, *span) if span is not None else None)

    def _visibility_changed(self) -> None:
        self._draw_samples()
        self._draw_stages()
        self._show_time()

    def _hover_moved(self, readout: Readout | None) -> None:
        if readout is not None and not self._range.start_s <= readout.t_s <= self._range.end_s:
            self.pan_view(readout.t_s - self._middle_s)
        self.hovered.emit(readout)

    def _retitle(self) -> None:
        kind, name = self._device_kind, self._device_name
        if self._run is not None and self._run.status != "starting":
            kind, name = (str(self._run.environment.get(key) or "") for key in ("device", "device_name"))
        cpu = bool(kind) and not kind.startswith("cuda")
        title = self.tr("Tensor memory on the CPU, the compute device here") if cpu else self.tr("Compute device")
        self.device.header.set_title(title, "" if cpu else name)
        self.host.header.set_title(self.tr("Host RAM"))

    def _budget_text(self, budget_bytes: int) -> str:
        if not self._device_total:
            return self.tr("budget {size}").format(size=format_size(budget_bytes))
        text = self.tr("budget {size}, {share} % of device")
        return text.format(size=format_size(budget_bytes), share=share_text(budget_bytes / self._device_total))

    def _forecast_text(self, predicted_bytes: int) -> str:
        return self.tr("predicted {size}").format(size=format_size(predicted_bytes))
