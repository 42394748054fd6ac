"""The command palette: any action by a few letters of its name."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from slora_gui.actions import ActionSpec
from slora_gui.i18n import Retranslating
from slora_gui.shell.action_set import ActionSet
from slora_gui.shell.fuzzy import score

_MOVES: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ID: Final = Qt.ItemDataRole.UserRole


class CommandPalette(Retranslating, QDialog):
    """Lists the actions that can be used now; ``chosen`` carries the id of the one taken."""

    chosen = Signal(str)

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        blank = QPixmap(16, 16)
        blank.fill(Qt.GlobalColor.transparent)
        self._no_icon = QIcon(blank)
        self.search = QLineEdit()
        self.search.textChanged.connect(self._show_matches)
        self.search.installEventFilter(self)
        self.results = QTreeWidget()
        self.results.setColumnCount(2)
        self.results.setHeaderHidden(True)
        self.results.setRootIsDecorated(False)
        self.results.setUniformRowHeights(True)
        self.results.header().setStretchLastSection(False)
        self.results.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.results.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.itemClicked.connect(self._take)
        self._nothing = QLabel()
        self._nothing.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.results)
        layout.addWidget(self._nothing)
        self.resize(560, 360)
        self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Command palette"))
        self.search.setPlaceholderText(self.tr("Type a few letters of an action"))
        self.search.setAccessibleName(self.tr("Action"))
        self.results.setAccessibleName(self.tr("Actions"))
        self._nothing.setText(self.tr("No action of that name can be used now"))
        self._show_matches(self.search.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                self.results.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if (item := self.results.currentItem()) is not None:
                    self._take(item)
                return True
        return super().eventFilter(watched, event)

    def _show_matches(self, query: str) -> None:
        self.results.clear()
        for spec in self._matches(query):
            self.results.addTopLevelItem(self._item(spec))
        first = self.results.topLevelItem(0)
        found = first is not None
        if first is not None:
            self.results.setCurrentItem(first)
        self.results.setVisible(found)
        self._nothing.setVisible(not found)

    def _matches(self, query: str) -> list[ActionSpec]:
        """Usable actions, best first; the table's order among equals. English names are found in every language."""
        scored: list[tuple[int, int, ActionSpec]] = []
        for spec in self._actions.specs():
            if spec.id == "palette" or not self._actions[spec.id].isEnabled():
                continue
            texts = (self._actions.text_of(spec), self._actions.path_of(spec) + self._actions.text_of(spec), spec.text)
            marks = [mark for mark in (score(query, text) for text in texts) if mark is not None]
            if marks:
                scored.append((-max(marks), len(scored), spec))
        return [spec for *_, spec in sorted(scored, key=lambda entry: entry[:2])]

    def _item(self, spec: ActionSpec) -> QTreeWidgetItem:
        action = self._actions[spec.id]
        text = f"{self._actions.path_of(spec)} › {self._actions.text_of(spec)}"
        item = QTreeWidgetItem([text, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)])
        item.setIcon(0, self._no_icon if action.icon().isNull() else action.icon())
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _ID, spec.id)
        item.setToolTip(0, action.toolTip())
        return item

    def _take(self, item: QTreeWidgetItem) -> None:
        self.close()
        self.chosen.emit(item.data(0, _ID))
