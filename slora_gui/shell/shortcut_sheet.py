"""The shortcut sheet: every action that has keys, by menu."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.shell.action_set import ActionSet

_COLUMNS = (("File", "Run", "Help"), ("Edit", "View"))


class ShortcutSheet(Retranslating, QDialog):
    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self.resize(760, 580)
        self.retranslate()

    def rows(self) -> list[tuple[str, str, str]]:
        """(menu, action, keys), in the order of the table."""
        return [
            (spec.menu.split("/")[0], self._actions.text_of(spec).removesuffix("…"), _keys(spec.shortcut))
            for spec in self._actions.specs()
            if spec.shortcut
        ]

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(24, 16, 24, 24)
        columns.setSpacing(40)
        for menus in _COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(16)
            for menu in menus:
                column.addWidget(self._section(menu))
            column.addStretch(1)
            columns.addLayout(column, 1)
        self._scroll.setWidget(content)

    def _section(self, menu: str) -> QWidget:
        section = QWidget()
        grid = QGridLayout(section)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        title = QLabel(self._actions.menu_text(menu))
        title.setProperty("role", "heading")
        grid.addWidget(title, 0, 0, 1, 2)
        for row, (_, text, keys) in enumerate((row for row in self.rows() if row[0] == menu), 1):
            grid.addWidget(QLabel(text), row, 0)
            key = QLabel(keys)
            key.setProperty("role", "muted")
            key.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(key, row, 1)
        grid.setColumnStretch(0, 1)
        return section


def _keys(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
