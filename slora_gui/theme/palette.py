"""The Qt palette of a theme, so that even what no style sheet reaches has its colours."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor, QPalette

from slora_gui.theme.theme import Theme

_ROLES: Final = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "window",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "muted",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "danger",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Light: "surface",
    QPalette.ColorRole.Midlight: "raised",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border",
    QPalette.ColorRole.Shadow: "border",
}
_FADED: Final = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def palette_of(theme: Theme) -> QPalette:
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, QColor(theme.colors[name]))
    for role in _FADED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded(theme))
    return palette


def faded(theme: Theme) -> QColor:
    """The colour of what cannot be used now: the muted text, nearer to the window."""
    muted, window = QColor(theme.colors["muted"]), QColor(theme.colors["window"])
    pairs = (muted.red(), window.red()), (muted.green(), window.green()), (muted.blue(), window.blue())
    return QColor(*((2 * a + b) // 3 for a, b in pairs))
