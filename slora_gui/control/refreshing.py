"""Repaints the live page 5 times a second while it is seen and its run changes; otherwise costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

from slora_gui.model.run_model import RunModel

INTERVAL_MS: Final = 200


class RefreshTimer(QObject):
    """Calls ``refresh`` for changes of the run it follows, while ``seen`` says that somebody can see them."""

    def __init__(self, refresh: Callable[[], None], seen: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._refresh = refresh
        self._seen = seen
        self._run: RunModel | None = None
        self._changed = False
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def active(self) -> bool:
        return self._timer.isActive()

    def follow(self, run: RunModel | None) -> None:
        if self._run is not None:
            self._run.changed.disconnect(self._note)
        self._run = run
        if run is not None:
            run.changed.connect(self._note)
        self.wake()

    @Slot()
    def wake(self) -> None:
        """Something may have to be painted, for the view has come into sight for instance."""
        self._changed = True
        if self._seen():
            self._refresh_now()
            self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @Slot(str)
    def _note(self, aspect: str) -> None:
        self._changed = True
        if not self._timer.isActive() and self._seen():
            self._timer.start()

    @Slot()
    def _tick(self) -> None:
        if not (self._changed and self._seen()):
            self._timer.stop()
            return
        self._refresh_now()

    def _refresh_now(self) -> None:
        self._changed = False
        self._refresh()
