"""The theme in force, for what draws itself: icons, and widgets that paint."""

from __future__ import annotations

from slora_gui.theme.theme import Theme, load_theme

_in_force: list[Theme] = []


def current() -> Theme:
    """The theme that was applied last; light before that."""
    return _in_force[-1] if _in_force else load_theme("light")


def put_in_force(theme: Theme) -> None:
    _in_force[:] = [theme]
