"""Puts a theme into force for the whole application, at any time."""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from slora_gui.theme.current import current, put_in_force
from slora_gui.theme.fonts import window_font
from slora_gui.theme.palette import palette_of
from slora_gui.theme.style_sheet import style_sheet
from slora_gui.theme.theme import Theme, load_theme

CHOICES: Final = ("system", "light", "dark")
_STYLED: Final = "slora_styled"


def apply(app: QApplication, theme: Theme) -> None:
    """Style, palette, style sheet and font; every widget and icon follows at its next painting.

    Best before widgets are made: styling them again costs as much as styling them once.
    """
    if app.styleSheet() and current() is theme:
        return
    if not app.property(_STYLED):  # a style under a style sheet has no name to ask for
        app.setStyle("Fusion")
        app.setProperty(_STYLED, True)
    put_in_force(theme)
    app.setFont(window_font(_system_font()))  # before the style sheet, under which widgets would keep theirs
    app.setPalette(palette_of(theme))
    app.setStyleSheet(style_sheet(theme))


def chosen_theme(app: QApplication, choice: str) -> Theme:
    """The theme of a choice: ``light``, ``dark``, or what the desktop says for ``system``."""
    if choice == "system":
        choice = "dark" if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"
    return load_theme(choice)


@cache
def _system_font() -> QFont:
    return QFont(QApplication.font())
