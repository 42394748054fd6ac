"""The pages as tabs, all of them in sight: where there is no room for their pictures, the names alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QTabWidget

from slora_gui import theme


class PageTabs(QTabWidget):
    """``pictures`` are the names of the icons, in the order of the tabs."""

    def __init__(self, pictures: Sequence[str]) -> None:
        super().__init__()
        self._pictures = pictures
        self._full_width = 0
        self.setDocumentMode(True)

    def measure(self) -> None:
        """To be called when tabs or their texts have changed."""
        self._show_pictures(True)
        self._full_width = self.tabBar().sizeHint().width()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self.count():
            self.measure()

    def _fit(self) -> None:
        self._show_pictures(self.width() >= self._full_width)

    def _show_pictures(self, shown: bool) -> None:
        for index in range(self.count()):
            if self.tabIcon(index).isNull() == shown:
                self.setTabIcon(index, theme.icon(self._pictures[index]) if shown else QIcon())
