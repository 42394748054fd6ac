"""Where a run computes: automatically, on the CPU, or on one of the NVIDIA cards of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.views.changes import request_change

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel


class DevicePicker(Retranslating, QComboBox):
    """A list of devices; one that the job names though it is not here stays in the list and says so."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._cards: tuple[str, ...] = ()
        self.activated.connect(self._choose)
        job.changed.connect(self._job_changed)
        self.retranslate()

    def set_cards(self, names: Sequence[str]) -> None:
        """Names of the cards that NVML knows, in the order of their numbers."""
        if self._cards != tuple(names):  # the watch tells often: an open list would close
            self._cards = tuple(names)
            self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Device"))
        self.setToolTip(self.tr("Where the run computes"))
        chosen = f"cuda:0 · {self._cards[0]}" if self._cards else self.tr("CPU")
        here = [("auto", self.tr("Automatic: {device}").format(device=chosen)), ("cpu", self.tr("CPU"))]
        here += [(f"cuda:{index}", f"cuda:{index} · {name}") for index, name in enumerate(self._cards)]
        wanted = self._job.config.run.device
        if wanted not in dict(here):
            known = wanted == "cuda" and self._cards
            here.append((wanted, wanted if known else self.tr("{device} (not found)").format(device=wanted)))
        with QSignalBlocker(self):
            self.clear()
            for device, text in here:
                self.addItem(text, device)
            self.setCurrentIndex(self.findData(wanted))

    def _choose(self, index: int) -> None:
        device = self.itemData(index)
        if device != self._job.config.run.device:
            request_change(self._job, {"run": {"device": device}}, self.tr("Choose device"))

    def _job_changed(self, section: str) -> None:
        if section in ("", "run"):
            self.retranslate()
