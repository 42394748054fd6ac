"""Fonts, colours and distances of the report, in points; a page is drawn in pixels of a tenth of a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase

from slora_core.errors import InputError
from slora_core.resources import resource_path

PIXELS_A_POINT: Final = 10
INK: Final = QColor("#1b1f24")
MUTED: Final = QColor("#5b6570")
RULE: Final = QColor("#d5dae0")
ACCENT: Final = QColor("#0b5cad")
BUDGET: Final = QColor("#b3261e")
BANDS: Final = (QColor("#f3f5f8"), QColor("#e7ebf1"))
CURVES: Final = tuple(
    QColor(name) for name in ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#000000", "#56b4e9", "#7a7a00")
)
"""Told apart by colour-blind readers (Okabe and Ito); with DASHES also in grey."""
DASHES: Final = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
MARGIN: Final = 48.0
FOOTER: Final = 22.0


def px(points: float) -> float:
    return points * PIXELS_A_POINT


@dataclass(frozen=True, slots=True)
class Style:
    """The fonts of a report in one language."""

    families: tuple[str, ...]

    @classmethod
    def of(cls, language: str) -> Style:
        """The bundled family with glyphs for ``language``, then what the system has."""
        return cls((*_bundled_families(), *(("Noto Sans CJK SC",) if language.startswith("zh") else ())))

    def font(self, size: float, *, bold: bool = False) -> QFont:
        """``size`` in points, with figures of one width."""
        font = QFont()
        if self.families:
            font.setFamilies(list(self.families))
        font.setPixelSize(round(px(size)))
        font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def monospaced(self, size: float) -> QFont:
        font = self.font(size)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        font.setFamilies([fixed, *self.families])
        return font


@cache
def _bundled_families() -> tuple[str, ...]:
    """Families of every font file of the resources; none where this installation lacks them."""
    try:
        folder = resource_path("fonts")
    except InputError:
        return ()
    families: dict[str, None] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".otf", ".ttf", ".ttc"):
            number = QFontDatabase.addApplicationFont(str(path))
            families |= dict.fromkeys(QFontDatabase.applicationFontFamilies(number))
    return tuple(families)
