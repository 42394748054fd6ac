"""Memory in use on the NVIDIA cards of this machine by all programs, asked of the driver at most once a second."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

INTERVAL_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class CardUse:
    """One card: what all programs together hold of it."""

    index: int
    name: str
    total_bytes: int
    used_bytes: int


class DeviceWatch(QObject):
    """Emits ``changed`` with a tuple of :class:`CardUse` whenever a figure has changed while :meth:`start`-ed.

    Without the driver, without ``nvidia-ml-py`` or without a card there are no cards: "not available".
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None, nvml: ModuleType | Any | None = None) -> None:
        super().__init__(parent)
        self.cards: tuple[CardUse, ...] = ()
        self._nvml = nvml
        self._handles: list[tuple[Any, str]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look now and then once a second, if there is anything to look at."""
        self.look()
        if self._handles:
            self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        if self._handles is None:
            self._handles = self._open()
        cards = tuple(self._read(index, handle, name) for index, (handle, name) in enumerate(self._handles))
        known = tuple(card for card in cards if card is not None)
        if known != self.cards:
            self.cards = known
            self.changed.emit(known)

    def _open(self) -> list[tuple[Any, str]]:
        try:
            if self._nvml is None:
                import pynvml

                self._nvml = pynvml
            self._nvml.nvmlInit()
            handles = [self._nvml.nvmlDeviceGetHandleByIndex(i) for i in range(self._nvml.nvmlDeviceGetCount())]
            return [(handle, _text(self._nvml.nvmlDeviceGetName(handle))) for handle in handles]
        except Exception:  # no package, no driver, no permission: nothing to watch
            return []

    def _read(self, index: int, handle: Any, name: str) -> CardUse | None:
        with suppress(Exception):  # a card that fell off the bus
            memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)  # type: ignore[union-attr]
            return CardUse(index, name, int(memory.total), int(memory.used))
        return None


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
