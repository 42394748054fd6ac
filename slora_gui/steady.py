"""Text that changes while a run streams, at little cost: labels that leave the layout alone, and a pace to change them.

A plain label asks for a new layout with every text, which then lays out and paints the whole window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

READABLE_S: Final = 0.25
"""Figures that change faster cannot be read."""


class SteadyLabel(QLabel):
    """One line of text in a fixed size: a longer text makes it wider, a shorter one leaves it as it is."""

    _frame = 0
    """Pixels that the label needs beside its text."""

    def setText(self, text: str) -> None:
        if text == self.text():
            return
        super().setText(text)
        if not self._fixed() or self.fontMetrics().horizontalAdvance(text) + self._frame > self.minimumWidth():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font or language: as wide as the text of now needs."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.LanguageChange):
            self._fit()

    def _fit(self) -> None:
        self.setMinimumSize(0, 0)  # which the hint respects
        wanted = self.sizeHint()
        self._frame = wanted.width() - self.fontMetrics().horizontalAdvance(self.text())
        self.setFixedSize(wanted)

    def _fixed(self) -> bool:
        return self.minimumWidth() == self.maximumWidth()


class Room(QWidget):
    """The width that is left, for a label whose text must not ask for it."""

    def __init__(self, label: QLabel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(self._label.sizeHint().width(), self._label.fontMetrics().height() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.setGeometry(self.rect())


class Pace(QObject):
    """Calls ``change`` at once, or when ``interval_s`` has gone by since the last time; requests between are one."""

    def __init__(self, change: Callable[[], None], parent: QObject, interval_s: float = READABLE_S) -> None:
        super().__init__(parent)
        self._change, self._interval_s = change, interval_s
        self._changed_at = float("-inf")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.now)

    @Slot()
    def request(self, interval_s: float | None = None) -> None:
        """``interval_s``: another than usual, for what is less pressing."""
        wait_s = self._changed_at + (self._interval_s if interval_s is None else interval_s) - time.monotonic()
        if wait_s <= 0:
            self.now()
        elif not self._timer.isActive() or self._timer.remainingTime() > 1000 * wait_s + 1:
            self._timer.start(round(1000 * wait_s) + 1)

    @Slot()
    def now(self) -> None:
        """Without waiting."""
        self._timer.stop()
        self._changed_at = time.monotonic()
        self._change()
