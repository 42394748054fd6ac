"""The recent files: on the welcome page and in the menu."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMenu

from slora_gui.settings import Settings
from slora_gui.shell.welcome_page import WelcomePage


class RecentFiles(QObject):
    open_requested = Signal(str)

    def __init__(self, settings: Settings, welcome: WelcomePage, menu: QMenu, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._welcome, self._menu = settings, welcome, menu

    def remember(self, path: Path) -> None:
        self._settings.remember_file(path)
        self.show()

    def show(self) -> None:
        self._welcome.set_recent(self._settings.recent)
        self._menu.clear()
        self._menu.setEnabled(bool(self._settings.recent))
        for path in self._settings.recent:
            action = self._menu.addAction(path)
            action.setData(path)
            action.triggered.connect(self._open)

    @Slot()
    def _open(self) -> None:
        self.open_requested.emit(self.sender().data())  # type: ignore[attr-defined]  # a QAction
