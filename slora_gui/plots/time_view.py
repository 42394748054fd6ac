"""A view box whose mouse gestures become intents: panels that share an axis are moved together by their owner."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal


class TimeView(pg.ViewBox):
    """Drag pans, the wheel zooms, Shift-drag marks a region, a double click resets. x is in seconds."""

    pan_requested = Signal(float)
    zoom_requested = Signal(float, float)
    region_requested = Signal(float, float, bool)
    reset_requested = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.disableAutoRange()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        if ev.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            ev.ignore()
            return
        ev.accept()
        if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier and ev.button() == Qt.MouseButton.LeftButton:
            start, end = sorted((self.seconds_at(ev.buttonDownPos()), self.seconds_at(ev.pos())))
            self.region_requested.emit(start, end, bool(ev.isFinish()))
            return
        self.pan_requested.emit(self.seconds_at(ev.lastPos()) - self.seconds_at(ev.pos()))

    def mouseClickEvent(self, ev: Any) -> None:
        if ev.double() and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.reset_requested.emit()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        ev.accept()
        if ev.orientation() == Qt.Orientation.Horizontal:
            low, high = self.viewRange()[0]
            self.pan_requested.emit(-ev.delta() / 1200 * (high - low))
            return
        self.zoom_requested.emit(0.9985 ** ev.delta(), self.seconds_at(ev.pos()))

    def seconds_at(self, position: Any) -> float:
        """Time under ``position``, in pixels of this view."""
        low, high = self.viewRange()[0]
        return float(low + position.x() * (high - low) / max(1.0, self.rect().width()))
