"""One marked stretch of time, shown in several panels."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QObject, Signal


class SharedRegion(QObject):
    """``changed()`` after every change, the last included."""

    changed = Signal()

    def __init__(self, items: Sequence[pg.LinearRegionItem], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items = tuple(items)
        self._following = False
        self.span_s: tuple[float, float] | None = None
        for item in self._items:
            item.sigRegionChanged.connect(self._item_moved)

    def show(self, start_s: float, end_s: float) -> None:
        self.span_s = (start_s, end_s)
        self._following = True
        for item in self._items:
            item.setRegion((start_s, end_s))
            item.setVisible(True)
        self._following = False
        self.changed.emit()

    def clear(self) -> None:
        if self.span_s is None:
            return
        self.span_s = None
        for item in self._items:
            item.setVisible(False)
        self.changed.emit()

    def _item_moved(self, item: pg.LinearRegionItem) -> None:
        if not self._following and self.span_s is not None:
            self.show(*sorted(item.getRegion()))
