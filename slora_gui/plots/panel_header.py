"""Title and key above one panel of a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from slora_gui.eliding import ElidingLabel
from slora_gui.plots.legend import LegendKey
from slora_gui.plots.style import CurveStyle, PlotTheme, blend


class PanelHeader(QWidget):
    """``key_toggled(name, shown)`` when the user shows or hides a curve."""

    key_toggled = Signal(str, bool)

    def __init__(self, names: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys: dict[str, LegendKey] = {}
        self._title = ElidingLabel()
        self._note = QLabel()
        self._note.setVisible(False)
        self._title.setMinimumWidth(24)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(8, 2, 4, 2)
        self._lines.setSpacing(0)
        self._rows = [self._add_row()]
        self._rows[0].insertWidget(0, self._title, 1)
        self._rows[0].insertWidget(1, self._note)
        self._places: dict[str, int] = {}
        self.set_keys(names)

    @property
    def title(self) -> str:
        return self._title.text()

    def set_keys(self, names: Sequence[str]) -> None:
        """Replace the keys by those of ``names``; keys that stay keep their state."""
        for name in [name for name in self.keys if name not in names]:
            key = self.keys.pop(name)
            self._rows[self._places.pop(name)].removeWidget(key)
            key.deleteLater()
        for name in names:
            if name not in self.keys:
                key = LegendKey(name, self)
                key.toggled.connect(self._pass_on)
                self.keys[name] = key
                self._put(name, 0)
        self._make_room()

    def set_labels(self, labels: Mapping[str, tuple[str, str]]) -> None:
        """What each key is called, by its name, and its explanation, which may be ""."""
        for name, (label, explanation) in labels.items():
            self.keys[name].set_label(label, explanation)
        self._make_room()

    def set_title(self, title: str, explanation: str = "") -> None:
        self._title.setText(title)
        self._title.setToolTip(explanation or title)
        self._make_room()

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
        """Values are left out of the keys before the title is; keys that have no room go to lines of their own."""
        shown = {name: key for name, key in self.keys.items() if not key.isHidden()}
        title = self._title.fontMetrics().horizontalAdvance(self._title.text()[:28]) + 24
        room = self.width() - 12
        fits = sum(key.width_with_value() + 4 for key in shown.values()) + title <= room
        for key in shown.values():
            key.set_with_value(fits)
        widths = {name: key.sizeHint().width() + 4 for name, key in shown.items()}
        row, used = (0, title) if title + sum(widths.values()) <= room else (1, 0)
        for name, width in widths.items():
            if row and used and used + width > room:
                row, used = row + 1, 0
            used += width
            self._put(name, row)

    def _put(self, name: str, row: int) -> None:
        """Move a key to the end of a row, in the order of the keys."""
        before = self._places.get(name)
        if before == row:
            return
        while len(self._rows) <= row:
            self._rows.append(self._add_row())
        if before is not None:
            self._rows[before].removeWidget(self.keys[name])
        self._places[name] = row
        beside = [other for other in self.keys if self._places.get(other) == row]
        place = beside.index(name) + (2 if row == 0 else 1)  # after title and note, or after the stretch
        self._rows[row].insertWidget(place, self.keys[name], alignment=Qt.AlignmentFlag.AlignVCenter)

    def _add_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        if self._lines.count():
            row.addStretch(1)
        self._lines.addLayout(row)
        return row

    def _pass_on(self, shown: bool) -> None:
        key = self.sender()
        if isinstance(key, LegendKey):
            self.key_toggled.emit(key.name, shown)
