"""Title and key above one panel of a plot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from slora_gui.plots.legend import LegendKey
from slora_gui.plots.style import CurveStyle, PlotTheme, blend


class PanelHeader(QWidget):
    """``key_toggled(name, shown)`` when the user shows or hides a curve."""

    key_toggled = Signal(str, bool)

    def __init__(self, names: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys: dict[str, LegendKey] = {}
        self._title = QLabel()
        self._note = QLabel()
        self._note.setVisible(False)
        self._title.setMinimumWidth(24)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 4, 2)
        self._row.setSpacing(4)
        self._row.addWidget(self._title, 1)
        self._row.addWidget(self._note)
        self.set_keys(names)

    @property
    def title(self) -> str:
        return self._title.text()

    def set_keys(self, names: Sequence[str]) -> None:
        """Replace the keys by those of ``names``; keys that stay keep their state."""
        for name in [name for name in self.keys if name not in names]:
            key = self.keys.pop(name)
            self._row.removeWidget(key)
            key.deleteLater()
        for name in names:
            if name not in self.keys:
                key = LegendKey(name, self)
                key.toggled.connect(self._pass_on)
                self.keys[name] = key
                self._row.addWidget(key, alignment=Qt.AlignmentFlag.AlignVCenter)
        self._make_room()

    def set_title(self, title: str, explanation: str = "") -> None:
        self._title.setText(title)
        self._title.setToolTip(explanation or title)

    def set_note(self, note: str) -> None:
        """A short state beside the title, such as "paused"; "" for none."""
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def set_key_visible(self, name: str, visible: bool) -> None:
        """Whether the curve of ``name`` exists at all; what is not available has no key."""
        if self.keys[name].isHidden() == visible:
            self.keys[name].setVisible(visible)
            self._make_room()

    def set_theme(self, theme: PlotTheme, styles: dict[str, CurveStyle]) -> None:
        muted = blend(theme.background, theme.foreground, 0.8)
        self._title.setStyleSheet(f"color: {muted}; font-weight: 600; background: transparent;")
        self._note.setStyleSheet(
            f"color: {theme.accent}; border: 1px solid {theme.accent}; border-radius: 4px; padding: 0 6px;"
        )
        for name, style in styles.items():
            if name in self.keys:
                self.keys[name].set_look(theme, style)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Values are left out of the keys before the title is."""
        keys = [key for key in self.keys.values() if not key.isHidden()]
        title = self._title.fontMetrics().horizontalAdvance(self._title.text()[:28])
        fits = sum(key.width_with_value() + 4 for key in keys) + title + 24 <= self.width()
        for key in keys:
            key.set_with_value(fits)

    def _pass_on(self, shown: bool) -> None:
        key = self.sender()
        if isinstance(key, LegendKey):
            self.key_toggled.emit(key.name, shown)
