"""The row of tools above a plot: pause, zoom, reset, table, export."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.layout import row

_WITH_TEXT: Final = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
_ICON_ALONE: Final = Qt.ToolButtonStyle.ToolButtonIconOnly
_SPACING: Final = 4
EXPORTS = ("png", "svg", "csv", "clipboard")


class PlotTools(Retranslating, QWidget):
    """Buttons with icon and text, where there is no room for it with the icon alone; ``names`` says which, in order."""

    pause_toggled = Signal(bool)
    table_toggled = Signal(bool)
    zoom_requested = Signal()
    reset_requested = Signal()
    export_requested = Signal(str)
    """One of EXPORTS."""

    def __init__(self, names: tuple[str, ...] = ("pause", "zoom", "reset", "table", "export")) -> None:
        super().__init__()
        self.buttons = {name: self._button(name) for name in names}
        layout = row(*self.buttons.values(), spacing=_SPACING)
        self.setLayout(layout)
        self._full_width = self._least_width = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._exports: dict[str, QAction] = {}
        if "export" in self.buttons:
            menu = QMenu(self)
            for kind in EXPORTS:
                action = menu.addAction("")
                action.setData(kind)
                self._exports[kind] = action
            menu.triggered.connect(self._export)
            self.buttons["export"].setMenu(menu)
            self.buttons["export"].setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        signals = {"pause": self.pause_toggled, "table": self.table_toggled}
        for name, signal in signals.items():
            if name in self.buttons:
                self.buttons[name].setCheckable(True)
                self.buttons[name].toggled.connect(signal)
        for name, signal in {"zoom": self.zoom_requested, "reset": self.reset_requested}.items():
            if name in self.buttons:
                self.buttons[name].clicked.connect(signal)
        self.pause_toggled.connect(self._show_pause)
        self.retranslate()

    def retranslate(self) -> None:
        texts = {
            "pause": (self.tr("Pause"), self.tr("Stops the view, not the capture (Ctrl+P)")),
            "zoom": (self.tr("Zoom to region"), self.tr("Shows the selected stretch of time alone")),
            "reset": (self.tr("Reset view"), self.tr("Shows the whole run (Home)")),
            "table": (self.tr("Table"), self.tr("The data of the plot as a table")),
            "export": (self.tr("Export"), self.tr("The plot as a picture, its data as CSV")),
        }
        for name, button in self.buttons.items():
            text, tip = texts[name]
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(text)
        exports = {
            "png": self.tr("Picture (PNG)..."),
            "svg": self.tr("Vector picture (SVG)..."),
            "csv": self.tr("Data (CSV)..."),
            "clipboard": self.tr("Copy picture"),
        }
        for kind, action in self._exports.items():
            action.setText(exports[kind])
        if "pause" in self.buttons:
            self._show_pause(self.buttons["pause"].isChecked())
        self._measure()

    def sizeHint(self) -> QSize:
        return QSize(self._full_width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least_width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_texts()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    def _measure(self) -> None:
        self._full_width, self._least_width = self._width(_WITH_TEXT), self._width(_ICON_ALONE)
        self.updateGeometry()
        self._show_texts()

    def _width(self, style: Qt.ToolButtonStyle) -> int:
        """Of all buttons in ``style``."""
        before = [button.toolButtonStyle() for button in self.buttons.values()]
        width = _SPACING * (len(self.buttons) - 1)
        for button, own in zip(self.buttons.values(), before, strict=True):
            button.setToolButtonStyle(style)
            width += button.sizeHint().width()
            button.setToolButtonStyle(own)
        return width

    def _show_texts(self) -> None:
        style = _WITH_TEXT if self.width() >= self._full_width else _ICON_ALONE
        for button in self.buttons.values():
            button.setToolButtonStyle(style)

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setToolButtonStyle(_WITH_TEXT)
        button.setIconSize(QSize(16, 16))
        button.setIcon(icon(name))
        return button

    def _show_pause(self, paused: bool) -> None:
        if "pause" in self.buttons:
            self.buttons["pause"].setText(self.tr("Resume") if paused else self.tr("Pause"))
            self.buttons["pause"].setIcon(icon("resume" if paused else "pause"))
            self._measure()

    def _export(self, action: QAction) -> None:
        self.export_requested.emit(action.data())
