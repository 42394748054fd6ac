"""The QActions of the table: their texts, their shortcuts, and whether each can be used now."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton

from slora_gui import theme
from slora_gui.actions import ACTIONS, EXCLUSIVE, MENUS, ActionSpec, WindowState


class ActionSet(QObject):
    """One QAction for each row of the table; ``triggered`` carries its id."""

    triggered = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions = {spec.id: self._make(spec) for spec in ACTIONS}
        self._menus: dict[str, QMenu] = {}
        self._undo_text = self._redo_text = ""
        for prefix in EXCLUSIVE:
            group = QActionGroup(self)
            for spec in ACTIONS:
                if spec.id.startswith(prefix):
                    group.addAction(self._actions[spec.id])
        self.retranslate()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def menu(self, path: str) -> QMenu:
        """The menu of a path of MENUS, after :meth:`fill_menu_bar`."""
        return self._menus[path]

    def specs(self) -> tuple[ActionSpec, ...]:
        return ACTIONS

    def text_of(self, spec: ActionSpec) -> str:
        """The action's name in the language in force, without its menu's mnemonic."""
        return QCoreApplication.translate("Actions", spec.text)

    def path_of(self, spec: ActionSpec) -> str:
        """The menus that lead to an action, as people read them: ``File > Export``."""
        parts = spec.menu.split("/")
        paths = ["/".join(parts[: index + 1]) for index in range(len(parts))]
        return " › ".join(map(self.menu_text, paths))

    def menu_text(self, path: str) -> str:
        """The name of the menu ``path`` in the language in force, without its mnemonic: "&File" and "文件(&F)"."""
        return re.sub(r"\(&\w\)|&", "", QCoreApplication.translate("Menus", MENUS[path]))

    def update_state(self, state: WindowState) -> None:
        for spec in ACTIONS:
            self._actions[spec.id].setEnabled(spec.usable(state))

    def set_undo_texts(self, undo: str, redo: str) -> None:
        """What undo and redo would take back or do again; "" for nothing."""
        self._undo_text, self._redo_text = undo, redo
        self._show_undo_texts()

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        """Every menu and action, in the order of the table, groups parted by separators."""
        for path in sorted(MENUS, key=lambda path: path.count("/")):
            above, _, _ = path.rpartition("/")
            self._menus[path] = menu = (self._menus[above] if above else bar).addMenu("")
            menu.setToolTipsVisible(True)
            _fill(menu, ((spec.group, self._actions[spec.id]) for spec in ACTIONS if spec.menu == path))
        self._arrange_submenus()
        self.retranslate()

    def fill_toolbar(self, bar: QToolBar) -> None:
        menu = ""
        for spec in (spec for spec in ACTIONS if spec.toolbar):
            if menu and spec.menu.split("/")[0] != menu:
                bar.addSeparator()
            menu = spec.menu.split("/")[0]
            bar.addAction(self._actions[spec.id])
            button = bar.widgetForAction(self._actions[spec.id])
            if isinstance(button, QToolButton) and spec.toolbar == "text":
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def retranslate(self) -> None:
        for spec in ACTIONS:
            action = self._actions[spec.id]
            text = self.text_of(spec)
            action.setText(text)
            action.setIconText(text.removesuffix("…"))
            tip = QCoreApplication.translate("Actions", spec.tip) if spec.tip else text.removesuffix("…")
            action.setToolTip(f"{tip} ({_shown(spec)})" if spec.shortcut else tip)
            action.setStatusTip(tip)
        for path, menu in self._menus.items():
            menu.setTitle(QCoreApplication.translate("Menus", MENUS[path]))
        self._show_undo_texts()

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(self)
        action.setObjectName(spec.id)
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(theme.icon(spec.icon))
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        action.triggered.connect(self._triggered)
        return action

    def _triggered(self) -> None:
        self.triggered.emit(self.sender().objectName())

    def _show_undo_texts(self) -> None:
        undo = QCoreApplication.translate("Actions", "Undo: {what}").format(what=self._undo_text)
        redo = QCoreApplication.translate("Actions", "Redo: {what}").format(what=self._redo_text)
        self._actions["undo"].setText(undo if self._undo_text else QCoreApplication.translate("Actions", "Undo"))
        self._actions["redo"].setText(redo if self._redo_text else QCoreApplication.translate("Actions", "Redo"))

    def _arrange_submenus(self) -> None:
        """Submenus end the group before the one that begins with a given action."""
        for path, before in (("File/Recent", "save-config"), ("File/Export", "quit"), ("View/Panels", "full-screen")):
            menu = self._menus[path.split("/", maxsplit=1)[0]]
            menu.removeAction(self._menus[path].menuAction())
            target = self._actions[before]
            actions = menu.actions()
            separator = actions[actions.index(target) - 1]
            menu.insertMenu(separator, self._menus[path])


def _fill(menu: QMenu, grouped: Iterable[tuple[int, QAction]]) -> None:
    last: int | None = None
    for group, action in sorted(grouped, key=lambda pair: pair[0]):
        if last is not None and group != last:
            menu.addSeparator()
        menu.addAction(action)
        last = group


def _shown(spec: ActionSpec) -> str:
    return QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
