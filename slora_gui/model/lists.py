"""Things one after another in a sentence, as the window's language parts them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication


def listed(things: Iterable[object], most: int | None = None) -> str:
    """``a, b, c``; beyond ``most`` things ``...``."""
    words = [str(thing) for thing in things]
    rest = "..." if most is not None and len(words) > most else ""
    return QCoreApplication.translate("Lists", ", ").join(words[:most]) + rest
