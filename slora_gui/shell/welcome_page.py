"""The first page: the demo, a file, a new run, what was open lately, and the keys worth knowing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from slora_gui import theme
from slora_gui.actions import ACTIONS
from slora_gui.i18n import Retranslating
from slora_gui.shell.action_set import ActionSet

_KEYS: Final = ("palette", "shortcuts", "open", "run", "cancel", "undo", "history")
_BUTTONS: Final = (("demo", "demo"), ("open", "open"), ("new-job", "new"), ("tour", "help"))
_WIDTH: Final = 720


class WelcomePage(Retranslating, QWidget):
    """Intents: an action of the table by its id, or files to open."""

    action_requested = Signal(str)
    open_files_requested = Signal(list)

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._actions = actions
        self._title = _label("title")
        self._line = _label("muted")
        self.buttons = {name: QPushButton(theme.icon(picture), "") for name, picture in _BUTTONS}
        for name, button in self.buttons.items():
            button.setObjectName(name)
            button.setMinimumHeight(40)
            button.clicked.connect(self._press)
        self.buttons["demo"].setProperty("primary", "true")
        self.buttons["demo"].setIcon(theme.icon("demo", "accent_text"))
        self.drop_zone = QFrame()
        self.drop_zone.setProperty("role", "card")
        self._drop_text = _label("muted")
        self._drop_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._headings = {"recent": _label("heading"), "keys": _label("heading")}
        self._recent = QVBoxLayout()
        self._keys = QGridLayout()
        self._paths: tuple[str, ...] = ()
        self._arrange()
        self.retranslate()

    def set_recent(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        _clear(self._recent)
        for path in self._paths[:6]:
            button = QPushButton(theme.icon("file"), Path(path).name)
            button.setProperty("flat", "true")
            button.setProperty("path", path)
            button.setToolTip(path)
            button.setStyleSheet("text-align: left")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(self._open_recent)
            self._recent.addWidget(button)
        if not self._paths:
            self._recent.addWidget(_label("muted", self.tr("Nothing yet. What you open or run is listed here.")))
        self._recent.addStretch(1)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Welcome"))
        self._title.setText(self.tr("Distribution compensation inside your memory budget"))
        self._line.setText(
            self.tr(
                "See what a run will need before it starts, hold it below a budget, watch it, and compare it with the"
                " original engine."
            )
        )
        texts = {
            "demo": self.tr("Run the demo"),
            "open": self.tr("Open a file"),
            "new-job": self.tr("New run"),
            "tour": self.tr("Tour in five steps"),
        }
        for name, text in texts.items():
            self.buttons[name].setText(text)
            self.buttons[name].setToolTip(self._actions[name].toolTip())
        self._drop_text.setText(
            self.tr("or drop here: features, a class state, a configuration (.toml), a run (.slora)")
        )
        self._headings["recent"].setText(self.tr("Recent"))
        self._headings["keys"].setText(self.tr("Keys"))
        self._show_keys()
        self.set_recent(self._paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop(False)
        event.acceptProposedAction()
        self.open_files_requested.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def _arrange(self) -> None:
        start = QGridLayout()
        start.setSpacing(8)
        for index, button in enumerate(self.buttons.values()):
            start.addWidget(button, index // 2, index % 2)
        drop = QVBoxLayout(self.drop_zone)
        drop.setContentsMargins(16, 16, 16, 16)
        drop.setSpacing(12)
        drop.addLayout(start)
        drop.addWidget(self._drop_text)
        lists = QGridLayout()
        lists.setHorizontalSpacing(32)
        lists.setVerticalSpacing(8)
        for column, (name, content) in enumerate((("recent", self._recent), ("keys", self._keys))):
            lists.addWidget(self._headings[name], 0, column)
            lists.addLayout(content, 1, column)
            lists.setColumnStretch(column, 1)
        self._recent.setSpacing(2)
        self._keys.setVerticalSpacing(6)
        self._keys.setColumnStretch(0, 1)
        self._keys.setRowStretch(len(_KEYS), 1)
        column_of_page = QWidget()
        column_of_page.setMaximumWidth(_WIDTH)
        inner = QVBoxLayout(column_of_page)
        inner.setContentsMargins(24, 32, 24, 24)
        inner.setSpacing(16)
        for widget in (self._title, self._line, self.drop_zone):
            inner.addWidget(widget)
        inner.addSpacing(8)
        inner.addLayout(lists)
        inner.addStretch(1)
        holder = QWidget()
        centred = QHBoxLayout(holder)
        centred.setContentsMargins(0, 0, 0, 0)
        centred.addStretch(1)
        centred.addWidget(column_of_page, 100)
        centred.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _show_keys(self) -> None:
        _clear(self._keys)
        specs = {spec.id: spec for spec in ACTIONS}
        for row, name in enumerate(_KEYS):
            self._keys.addWidget(QLabel(self._actions.text_of(specs[name]).removesuffix("…")), row, 0)
            self._keys.addWidget(_label("muted", self._actions[name].shortcut().toString()), row, 1)

    def _show_drop(self, hovered: bool) -> None:
        self.drop_zone.setProperty("drop", "true" if hovered else "false")
        self.drop_zone.style().unpolish(self.drop_zone)
        self.drop_zone.style().polish(self.drop_zone)

    def _press(self) -> None:
        self.action_requested.emit(self.sender().objectName())

    def _open_recent(self) -> None:
        self.open_files_requested.emit([self.sender().property("path")])


def _label(role: str, text: str = "") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(role != "heading")
    return label


def _clear(layout: QVBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
