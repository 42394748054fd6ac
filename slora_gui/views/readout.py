"""The values of every curve at one moment: under the pointer, or the latest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import NOT_AVAILABLE, format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.plots.statistics import Readout
from slora_gui.views.figures import Figures
from slora_gui.views.layout import column

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
SHORT: Final = "n/a"


class ReadoutPanel(Retranslating, QWidget):
    """Six figures and the moment that they belong to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self._hovered: Readout | None = None
        self.moment = QLabel()
        self.moment.setProperty("role", "muted")
        self.figures = Figures(COUNTERS, columns=len(COUNTERS))
        layout = column(self, spacing=4)
        layout.addWidget(self.moment)
        layout.addWidget(self.figures)
        self.retranslate()

    def set_run(self, run: RunModel | None) -> None:
        self._run, self._hovered = run, None
        self.refresh()

    def hover(self, readout: Readout | None) -> None:
        self._hovered = readout
        self.refresh()

    def retranslate(self) -> None:
        for name, (caption, tip) in counter_texts().items():
            self.figures.set_caption(name, caption, tip)
        self.refresh()

    def refresh(self) -> None:
        """Called by the window's timer while samples arrive."""
        if self._hovered is not None:
            at = self.tr("At {time}, {stage}") if self._hovered.stage else self.tr("At {time}")
            moment = at.format(time=format_seconds(self._hovered.t_s), stage=self._hovered.stage)
            values: Mapping[str, int | None] = self._hovered.values
        elif self._run is not None and len(self._run.samples):
            moment = self.tr("Latest sample, at {time}").format(time=format_seconds(float(self._run.samples.t_s[-1])))
            values = latest_values(self._run)
        else:
            moment, values = self.tr("No samples yet"), {}
        self.moment.setText(moment)
        for name in COUNTERS:
            value = values.get(name)
            self.figures.set_value(name, SHORT if value is None else format_size(value))
            self.figures.values[name].setToolTip(self.tr("not available on this machine") if value is None else "")
            self.figures.values[name].setAccessibleDescription(NOT_AVAILABLE if value is None else "")


def latest_values(run: RunModel) -> dict[str, int | None]:
    """Bytes of the last sample by counter; None: not available."""
    last = {name: run.samples.counter(name)[-1] for name in COUNTERS if run.samples.has(name)}
    return {name: None if np.isnan(value) else int(value) for name, value in last.items()}


def counter_texts() -> dict[str, tuple[str, str]]:
    """(name, what it counts) of every counter."""
    tr = QCoreApplication.translate
    return {
        "allocated_bytes": (tr("Counters", "Allocated"), tr("Counters", "Live tensors on the compute device")),
        "reserved_bytes": (
            tr("Counters", "Reserved"),
            tr("Counters", "What the allocator’s pool holds; the budget bounds it"),
        ),
        "process_bytes": (tr("Counters", "Process"), tr("Counters", "Pool, context and libraries, from the driver")),
        "device_used_bytes": (tr("Counters", "Device"), tr("Counters", "All processes on the device together")),
        "rss_bytes": (tr("Counters", "RSS"), tr("Counters", "Resident memory of the engine’s process")),
        "tensor_ram_bytes": (tr("Counters", "Tensor RAM"), tr("Counters", "Live tensors of the engine in host memory")),
    }
