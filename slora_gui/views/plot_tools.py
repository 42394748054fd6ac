"""The row of tools above a plot: pause, zoom, reset, table, export."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.layout import row

EXPORTS = ("png", "svg", "csv", "clipboard")


class PlotTools(Retranslating, QWidget):
    """Buttons with icon and text; ``names`` says which, in which order."""

    pause_toggled = Signal(bool)
    table_toggled = Signal(bool)
    zoom_requested = Signal()
    reset_requested = Signal()
    export_requested = Signal(str)
    """One of EXPORTS."""

    def __init__(self, names: tuple[str, ...] = ("pause", "zoom", "reset", "table", "export")) -> None:
        super().__init__()
        self.buttons = {name: self._button(name) for name in names}
        layout = row(*self.buttons.values(), spacing=4)
        self.setLayout(layout)
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

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(16, 16))
        button.setIcon(icon(name))
        return button

    def _show_pause(self, paused: bool) -> None:
        if "pause" in self.buttons:
            self.buttons["pause"].setText(self.tr("Resume") if paused else self.tr("Pause"))
            self.buttons["pause"].setIcon(icon("resume" if paused else "pause"))

    def _export(self, action: QAction) -> None:
        self.export_requested.emit(action.data())
