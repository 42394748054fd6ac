"""The status bar: what the run is doing, how far it is, its memory, and the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import psutil
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar

from slora_core.events import MemorySample, Progress
from slora_core.memory.sizes import format_size
from slora_gui.i18n import Retranslating
from slora_gui.shell.device_watch import CardUse
from slora_gui.steady import Pace, SteadyLabel

_LIVE: Final = ("starting", "running")


class StatusLine(Retranslating, QStatusBar):
    """Shows what it is told; keeps only what it needs to say it again in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setAutoFillBackground(True)  # so that the window behind it is not painted again with every value
        self._status = ""
        self._progress: Progress | None = None
        self._sample: MemorySample | None = None
        self._cards: tuple[CardUse, ...] = ()
        self._device = ""
        self.state = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(160, 6)
        self.eta = SteadyLabel()
        self.memory = SteadyLabel()
        self._progress_pace = Pace(self._show_progress, self)
        self._memory_pace = Pace(self._show_memory, self)
        self.device = QLabel()
        for label in (self.state, self.eta, self.memory, self.device):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setContentsMargins(8, 2, 8, 2)
        self.addPermanentWidget(self.state)
        self.addPermanentWidget(self.bar)
        self.addPermanentWidget(self.eta)
        self.addPermanentWidget(self.memory)
        self.addPermanentWidget(self.device)
        self.retranslate()

    def show_status(self, status: str) -> None:
        """``status`` of a run model, or "" while nothing was run."""
        self._status = status
        if status not in _LIVE:
            self._progress = None
        self.retranslate()

    def show_progress(self, progress: Progress | None) -> None:
        self._progress = progress if self._status in _LIVE else None  # the last step is told after the end
        if self._progress is None:
            self._progress_pace.now()
        else:
            self._progress_pace.request()

    def show_sample(self, sample: MemorySample | None) -> None:
        """Takes every sample and shows a few a second: faster than that nobody reads."""
        self._sample = sample
        if sample is None or self.memory.isHidden():
            self._memory_pace.now()
        else:
            self._memory_pace.request()

    def show_cards(self, cards: Sequence[CardUse]) -> None:
        self._cards = tuple(cards)
        self._show_device()

    def show_device(self, device: str) -> None:
        """The job's device: auto, cpu, cuda or cuda:N."""
        self._device = device
        self._show_device()

    def retranslate(self) -> None:
        texts = {
            "": self.tr("Ready"),
            "starting": self.tr("Starting"),
            "running": self.tr("Running"),
            "finished": self.tr("Finished"),
            "failed": self.tr("Failed"),
            "cancelled": self.tr("Cancelled"),
            "interrupted": self.tr("Interrupted"),
        }
        self.state.setText(texts.get(self._status, self._status))
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        self.memory.setToolTip(
            self.tr("Tensors of the engine on the compute device, and resident memory of its process")
        )
        self._show_progress()
        self._show_memory()
        self._show_device()

    def _show_progress(self) -> None:
        progress = self._progress
        fraction = progress.fraction if progress is not None else None
        self.bar.setVisible(fraction is not None)
        self.bar.setValue(round(1000 * (fraction or 0.0)))
        eta_s = progress.eta_s if progress is not None else None
        self.eta.setVisible(eta_s is not None)
        if eta_s is not None:
            from slora_core.records.tables import format_seconds  # not needed for the first painting

            self.eta.setText(self.tr("{time} left").format(time=format_seconds(round(eta_s))))

    def _show_memory(self) -> None:
        sample = self._sample
        self.memory.setVisible(sample is not None)
        if sample is not None:
            text = self.tr("{allocated} allocated, {rss} RSS")
            self.memory.setText(
                text.format(allocated=format_size(sample.allocated_bytes), rss=format_size(sample.rss_bytes))
            )

    def _show_device(self) -> None:
        card = self._card()
        if card is None:
            total = format_size(psutil.virtual_memory().total)
            self.device.setText(self.tr("CPU, {total} RAM").format(total=total))
            self.device.setToolTip(self.tr("Without a CUDA device, the compute device is the CPU"))
            return
        text = self.tr("{name}: {used} of {total} in use")
        self.device.setText(
            text.format(name=card.name, used=format_size(card.used_bytes), total=format_size(card.total_bytes))
        )
        others = self._others_bytes(card)
        self.device.setToolTip(
            self.tr("All programs together")
            if others is None
            else self.tr("Other programs hold {size}").format(size=format_size(others))
        )

    def _card(self) -> CardUse | None:
        if not self._cards or self._device == "cpu":
            return None
        _, _, index = self._device.partition(":")
        return next((card for card in self._cards if card.index == int(index or 0)), self._cards[0])

    def _others_bytes(self, card: CardUse) -> int | None:
        running = self._status == "running" and self._sample is not None
        own = self._sample.process_bytes if running and self._sample is not None else 0
        return None if own is None else max(0, card.used_bytes - own)
