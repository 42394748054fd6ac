"""The values of every curve at one moment, under the pointer or the latest, above their peaks by counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.stage_texts import stage_text
from slora_gui.model.texts import size_text
from slora_gui.plots.statistics import Readout
from slora_gui.steady import SteadyLabel
from slora_gui.views.layout import GRID

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

COUNTERS: Final = (
    "allocated_bytes",
    "reserved_bytes",
    "process_bytes",
    "device_used_bytes",
    "rss_bytes",
    "tensor_ram_bytes",
)
_ALWAYS: Final = ("allocated_bytes", "rss_bytes")


class ReadoutPanel(Retranslating, QWidget):
    """A column a counter that the run knows: its name, its value at the moment, its peak."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self._hovered: Readout | None = None
        self._seen: tuple[object, ...] = ()
        self.moment, self._peak_label = SteadyLabel(), SteadyLabel()
        self.captions = {name: _figure("muted") for name in COUNTERS}
        self.values = {name: _figure() for name in COUNTERS}
        self.peaks = {name: _figure() for name in COUNTERS}
        self.setAutoFillBackground(True)  # so that nothing behind it is painted again with every value
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(2)
        for line, label in ((1, self.moment), (2, self._peak_label)):
            label.setProperty("role", "muted")
            grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignLeft)
        for index, name in enumerate(COUNTERS, start=1):
            for line, labels in enumerate((self.captions, self.values, self.peaks)):
                grid.addWidget(labels[name], line, index, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(len(COUNTERS) + 1, 1)
        self.retranslate()

    def set_run(self, run: RunModel | None) -> None:
        self._run, self._hovered, self._seen = run, None, ()
        self.show_peaks()
        self.refresh()

    def hover(self, readout: Readout | None) -> None:
        self._hovered = readout
        self.refresh()

    def retranslate(self) -> None:
        for name, (caption, tip) in counter_texts().items():
            self.captions[name].setText(caption)
            self.captions[name].setToolTip(tip)
            self.values[name].setAccessibleName(caption)
            self.peaks[name].setAccessibleName(self.tr("Peak of {counter}").format(counter=caption))
        self._seen = ()
        self.show_peaks()
        self.refresh()

    def refresh(self) -> None:
        """Called by the window's timer while samples arrive; cheap when there is nothing new."""
        run = self._run
        seen = (self._hovered, None if run is None else run.samples.version)
        if seen == self._seen:
            return
        self._seen = seen
        self.setVisible(run is not None)
        if run is None:
            return
        values = latest_values(run)
        if self._hovered is not None:
            at = self.tr("At {time}, {stage}") if self._hovered.stage else self.tr("At {time}")
            self.moment.setText(
                at.format(time=format_seconds(self._hovered.t_s), stage=stage_text(self._hovered.stage))
            )
            values = dict(self._hovered.values)
        elif len(run.samples):
            self.moment.setText(self.tr("Latest, at {time}").format(time=format_seconds(float(run.samples.t_s[-1]))))
        else:
            self.moment.setText(self.tr("No samples yet"))
        for name in COUNTERS:
            shown = name in _ALWAYS or run.samples.has(name)
            for labels in (self.captions, self.values, self.peaks):
                labels[name].setVisible(shown)
            _show(self.values[name], values.get(name))
        if run.active:
            self._fill_peaks()

    def show_peaks(self) -> None:
        """Where they come from and what they are."""
        if self._run is not None and self._run.active:
            self._peak_label.setText(self.tr("Peak so far"))
            self._peak_label.setToolTip(
                self.tr(
                    "From the peak counters of the stages that have ended, and from the samples of those that go on"
                )
            )
        else:
            self._peak_label.setText(self.tr("Peak, by counter"))
            self._peak_label.setToolTip(
                self.tr("From the peak counters, not from samples, which may miss a short peak")
            )
        self._fill_peaks()

    def _fill_peaks(self) -> None:
        """Counters have a peak for what the engine allocates, reserves and keeps resident."""
        peaks = self._run.peaks_so_far if self._run is not None else None
        for name in COUNTERS:
            _show(self.peaks[name], getattr(peaks, name, None), missing=None if hasattr(peaks, name) else "")


def latest_values(run: RunModel) -> dict[str, int | None]:
    """Bytes of the last sample by counter; None: not available."""
    if not len(run.samples):
        return {}
    last = {name: run.samples.counter(name)[-1] for name in COUNTERS if run.samples.has(name)}
    return {name: None if np.isnan(value) else int(value) for name, value in last.items()}


def counter_texts() -> dict[str, tuple[str, str]]:
    """(name, what it counts) of every counter."""
    translate = QCoreApplication.translate
    return {
        "allocated_bytes": (
            translate("Counters", "Allocated"),
            translate("Counters", "Live tensors on the compute device"),
        ),
        "reserved_bytes": (
            translate("Counters", "Reserved"),
            translate("Counters", "What the pool of the allocator holds; the budget bounds it"),
        ),
        "process_bytes": (
            translate("Counters", "Process"),
            translate("Counters", "Pool, context and libraries, from the driver"),
        ),
        "device_used_bytes": (
            translate("Counters", "Device"),
            translate("Counters", "All processes on the device together"),
        ),
        "rss_bytes": (
            translate("Counters", "RSS"),
            translate("Counters", "Resident memory of the process of the engine"),
        ),
        "tensor_ram_bytes": (
            translate("Counters", "Tensor RAM"),
            translate("Counters", "Live tensors of the engine in host memory"),
        ),
    }


def _figure(role: str = "") -> QLabel:
    label = SteadyLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignRight)
    if role:
        label.setProperty("role", role)
    else:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _show(label: QLabel, size_bytes: int | None, missing: str | None = None) -> None:
    text = size_text(size_bytes) if size_bytes is not None or missing is None else missing
    if label.text() != text:
        label.setText(text)
