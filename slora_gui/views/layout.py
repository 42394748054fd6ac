"""The 8-pixel grid that all views share, and the few shapes that recur on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

GRID: Final = 8
"""Pixels between neighbours."""
MARGIN: Final = 16
"""Pixels between a page and its content."""

_INSIDE: Final = re.compile(r"(?<=\d) (?=(?:[KMGTP]i)?B\b|s\b|min\b|h\b|%)|(?<=[≤<]) (?=\d)| (?=·)")
_STOPS: Final = ".。"
_ASKING: Final = ("?", "？")


def column(parent: QWidget | None = None, *, margin: int = 0, spacing: int = GRID) -> QVBoxLayout:
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    return layout


def row(*widgets: QWidget, stretch: int | None = None, spacing: int = GRID) -> QHBoxLayout:
    """Widgets side by side; what room is left goes to the one with index ``stretch``, or lies behind them."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, int(index == stretch))
    if stretch is None:
        layout.addStretch(1)
    return layout


def together(*widgets: QWidget) -> QWidget:
    """Widgets that stay side by side, such as a label and its editor."""
    holder = QWidget()
    holder.setLayout(row(*widgets))
    return holder


def form(parent: QWidget | None = None) -> QFormLayout:
    layout = QFormLayout(parent) if parent is not None else QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(GRID)
    layout.setVerticalSpacing(GRID)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def wrapping_label(role: str = "", text: str = "") -> QLabel:
    """A label that breaks its lines and can be selected from; ``role`` is the property that the style sheet reads."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if role:
        label.setProperty("role", role)
    return label


def heading() -> QLabel:
    """The title of a section."""
    label = QLabel()
    label.setProperty("role", "heading")
    return label


def show_tab(tabs: QTabWidget, index: int, visible: bool) -> None:
    """As ``setTabVisible``, which forgets what else has changed when it is told what it knows."""
    if tabs.isTabVisible(index) != visible:
        tabs.setTabVisible(index, visible)


def set_role(widget: QWidget, role: str) -> None:
    """Give ``widget`` another role and let the style sheet see it."""
    _set_property(widget, "role", role)


def set_invalid(widget: QWidget, invalid: bool, why: str = "") -> None:
    """Mark an editor whose content was refused, for the eye and for a screen reader."""
    _set_property(widget, "invalid", "true" if invalid else "false")
    widget.setAccessibleDescription(why)


def set_drop(widget: QWidget, hovered: bool) -> None:
    """Mark what would take the thing that is dragged over it."""
    _set_property(widget, "drop", "true" if hovered else "false")


def _set_property(widget: QWidget, name: str, value: str) -> None:
    if (widget.property(name) or "") != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def unbroken(text: str) -> str:
    """Figures stay on a line with their units, and a dot that parts two facts with the first of them."""
    return _INSIDE.sub("\u00a0", text)


def as_sentence(text: str) -> str:
    """The engine's message, which begins in lower case after a program's name, as a sentence of its own."""
    return text[:1].upper() + text[1:]


def in_sentences(texts: Iterable[str]) -> str:
    """One sentence after another, each ended and parted from the next as in the window's language.

    Empty texts are left out; a question keeps its mark.
    """
    ended = QCoreApplication.translate("Sentences", "{sentence}.")
    joined = QCoreApplication.translate("Sentences", "{first} {second}")
    sentences = [
        sentence if sentence.endswith(_ASKING) else ended.format(sentence=sentence.rstrip(_STOPS))
        for sentence in map(as_sentence, filter(None, texts))
    ]
    return reduce(lambda first, second: joined.format(first=first, second=second), sentences) if sentences else ""
