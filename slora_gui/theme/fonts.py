"""The window's font: bundled, so that every machine has it and Chinese is never a row of boxes."""

from __future__ import annotations

import sys
from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from slora_core.resources import resource_path


@cache
def bundled_family() -> str:
    """Loads the bundled font files; the family they form, or "" where Qt takes none of them."""
    family = ""
    for path in sorted(resource_path("fonts").glob("*.otf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families = QFontDatabase.applicationFontFamilies(number)
        family = family or (families[0] if families else "")
    return family


def window_font(system: QFont) -> QFont:
    """``system`` with the bundled family: first where desktops differ, as the fallback where they have their own.

    Figures are tabular, so that numbers which change do not dance.
    """
    own = [bundled_family()] if bundled_family() else []
    theirs = [system.family()]
    font = QFont(system)
    font.setFamilies(theirs + own if sys.platform in ("darwin", "win32") else own + theirs)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
