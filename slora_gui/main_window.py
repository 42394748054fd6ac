"""The window: menus, toolbar, pages in the middle, panels around. It shows what it is given and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QByteArray,
    QCoreApplication,
    QEvent,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QToolBar, QVBoxLayout, QWidget

from slora_gui import theme
from slora_gui.i18n import QT_TRANSLATE_NOOP, Retranslating
from slora_gui.shell.action_set import ActionSet
from slora_gui.shell.message_bar import MessageBar
from slora_gui.shell.page_tabs import PageTabs
from slora_gui.shell.status_line import StatusLine

LAYOUT_VERSION: Final = 2
"""Goes up with every change of the docks, so that a layout of another version is not applied."""

PAGES: Final = {
    "welcome": (QT_TRANSLATE_NOOP("Pages", "Welcome"), "home"),
    "live": (QT_TRANSLATE_NOOP("Pages", "Run"), "live"),
    "compare": (QT_TRANSLATE_NOOP("Pages", "Compare"), "compare"),
    "ablation": (QT_TRANSLATE_NOOP("Pages", "Ablation"), "ablation"),
    "tuner": (QT_TRANSLATE_NOOP("Pages", "Tuner"), "tune"),
}
"""Title and icon of each page, in order."""


@dataclass(frozen=True, slots=True)
class DockSpec:
    """Where a panel is at first. Panels of one area lie behind each other as tabs, the first in front.

    A panel that is not ``always`` there waits until it is needed, unless the window is high.
    """

    title: str
    area: Qt.DockWidgetArea
    always: bool = True


DOCKS: Final = {
    "job": DockSpec(QT_TRANSLATE_NOOP("Docks", "Job"), Qt.DockWidgetArea.LeftDockWidgetArea),
    "forecast": DockSpec(QT_TRANSLATE_NOOP("Docks", "Forecast"), Qt.DockWidgetArea.RightDockWidgetArea),
    "notices": DockSpec(QT_TRANSLATE_NOOP("Docks", "Notices"), Qt.DockWidgetArea.RightDockWidgetArea),
    "plan": DockSpec(QT_TRANSLATE_NOOP("Docks", "Plan"), Qt.DockWidgetArea.BottomDockWidgetArea, False),
    "results": DockSpec(QT_TRANSLATE_NOOP("Docks", "Results"), Qt.DockWidgetArea.BottomDockWidgetArea, False),
    "history": DockSpec(QT_TRANSLATE_NOOP("Docks", "History"), Qt.DockWidgetArea.BottomDockWidgetArea, False),
}
_SIDE_WIDTHS: Final = {"job": 320, "forecast": 320}
_BOTTOM_HEIGHT: Final = 224
_HIGH: Final = 1000
"""Pixels of height from which on the tables below are there from the start."""
_FIRST_SIZE: Final = QSize(1440, 900)
_FIRST_SHARE: Final = 0.8
_SMALLEST: Final = QSize(1024, 700)


class MainWindow(Retranslating, QMainWindow):
    """Painted with the welcome page alone, while the others are still made; :meth:`furnish` puts them in."""

    page_changed = Signal(str)
    open_files_requested = Signal(list)
    seen_changed = Signal()
    closed = Signal()

    def __init__(self, actions: ActionSet, welcome: QWidget) -> None:
        super().__init__()
        self.actions_by_id = actions
        self._subject: Callable[[], str] = str
        self.may_close: Callable[[], bool] = lambda: True
        self.setWindowIcon(theme.app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(_SMALLEST)
        options = QMainWindow.DockOption
        self.setDockOptions(options.AllowTabbedDocks | options.AllowNestedDocks | options.GroupedDragging)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        actions.fill_menu_bar(self.menuBar())
        self.toolbar = QToolBar()
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setMovable(False)
        self.toolbar.setIconSize(QSize(18, 18))
        actions.fill_toolbar(self.toolbar)
        self.addToolBar(self.toolbar)
        self.status = StatusLine()
        self.setStatusBar(self.status)
        self.messages = MessageBar()
        self.pages = PageTabs([picture for _, picture in PAGES.values()])
        self._names = tuple(PAGES)
        for name in PAGES:
            self.pages.addTab(welcome if name == "welcome" else QWidget(), "")
        self.pages.currentChanged.connect(self._page_changed)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        self.docks = {name: self._dock(name) for name in DOCKS}
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        screen = self.screen().availableSize()
        self.resize((screen * _FIRST_SHARE).expandedTo(_FIRST_SIZE).boundedTo(screen))
        self.reset_layout()
        self.retranslate()

    def furnish(self, pages: Mapping[str, QWidget], docks: Mapping[str, QWidget]) -> None:
        """Put in the widgets by the names of PAGES and DOCKS, in place of what stands there."""
        with QSignalBlocker(self.pages):
            for index, name in enumerate(PAGES):
                before = self.pages.widget(index)
                if before is None or before is pages[name]:
                    continue
                title = self.pages.tabText(index)
                self.pages.removeTab(index)
                self.pages.insertTab(index, pages[name], title)
                before.deleteLater()
            self.pages.setCurrentIndex(0)
        self.pages.measure()
        for name, dock in self.docks.items():
            before = dock.widget()
            dock.setWidget(docks[name])
            if before is not None:
                before.deleteLater()

    @property
    def page(self) -> str:
        return self._names[self.pages.currentIndex()]

    def show_page(self, name: str) -> None:
        self.pages.setCurrentIndex(self._names.index(name))

    def show_dock(self, name: str) -> None:
        """Bring a panel to sight, in front of those of its area."""
        self.docks[name].show()
        self.docks[name].raise_()

    def offer_dock(self, name: str) -> bool:
        """Bring a panel to sight unless that would take the room of the page; whether it is in sight now."""
        dock = self.docks[name]
        area_open = any(not beside.isHidden() for beside in (dock, *self.tabifiedDockWidgets(dock)))
        if area_open or DOCKS[name].always or self.height() >= _HIGH:
            self.show_dock(name)
            return True
        return False

    def set_subject(self, subject: Callable[[], str]) -> None:
        """What the window's title names, asked anew in another language; the desktop adds the application's name."""
        self._subject = subject
        self._show_subject()

    def reset_layout(self) -> None:
        """Every panel where it was at first, in its first size."""
        first_of: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for name, spec in DOCKS.items():
            dock = self.docks[name]
            dock.setFloating(False)
            self.removeDockWidget(dock)
            self.addDockWidget(spec.area, dock)
            if spec.area in first_of:
                self.tabifyDockWidget(first_of[spec.area], dock)
            first_of.setdefault(spec.area, dock)
            dock.setVisible(spec.always or self.height() >= _HIGH)
        for dock in first_of.values():
            dock.raise_()
        sides = [self.docks[name] for name in _SIDE_WIDTHS]
        self.resizeDocks(sides, list(_SIDE_WIDTHS.values()), Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["plan"]], [_BOTTOM_HEIGHT], Qt.Orientation.Vertical)

    def layout_text(self) -> tuple[str, str]:
        """Geometry and layout, as text for the settings."""
        return _text(self.saveGeometry()), _text(self.saveState(LAYOUT_VERSION))

    def restore_layout(self, geometry: str, layout: str) -> None:
        """What :meth:`layout_text` gave; anything else is ignored."""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        if layout and not self.restoreState(QByteArray.fromBase64(layout.encode()), LAYOUT_VERSION):
            self.reset_layout()

    def _show_subject(self) -> None:
        self.setWindowTitle(self._subject() or "SLoRA")

    def retranslate(self) -> None:
        self._show_subject()
        self.toolbar.setWindowTitle(self.tr("Toolbar"))
        self.pages.tabBar().setAccessibleName(self.tr("Pages"))
        for index, (title, _) in enumerate(PAGES.values()):
            self.pages.setTabText(index, QCoreApplication.translate("Pages", title))
        self.pages.measure()
        for name, spec in DOCKS.items():
            self.docks[name].setWindowTitle(QCoreApplication.translate("Docks", spec.title))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_files_requested.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        super().closeEvent(event)
        self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.seen_changed.emit()

    def _dock(self, name: str) -> QDockWidget:
        dock = QDockWidget()
        dock.setObjectName(f"dock-{name}")
        place = QWidget()
        place.setMinimumSize(_SIDE_WIDTHS.get(name, 0), 0)
        dock.setWidget(place)
        self.addDockWidget(DOCKS[name].area, dock)
        self.actions_by_id.menu("View/Panels").addAction(dock.toggleViewAction())
        dock.visibilityChanged.connect(self._show_dock_titles)
        dock.topLevelChanged.connect(self._show_dock_titles)
        return dock

    @Slot()
    def _show_dock_titles(self) -> None:
        """A panel that lies behind a tab has its title there already."""
        for dock in getattr(self, "docks", {}).values():
            beside = [other for other in self.tabifiedDockWidgets(dock) if not other.isHidden()]
            tabbed = bool(beside) and not dock.isFloating()
            if tabbed != (dock.titleBarWidget() is not None):
                dock.setTitleBarWidget(QWidget() if tabbed else None)

    def _page_changed(self) -> None:
        self.page_changed.emit(self.page)


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode()
