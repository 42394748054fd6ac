"""The words of a report in the reader's language, and figures as that language writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from slora_core.errors import InputError
from slora_core.memory.sizes import format_size
from slora_core.records.header import local_time
from slora_core.records.tables import NOT_AVAILABLE, TextTable, format_seconds
from slora_core.report.chinese import CHINESE

LANGUAGES: Final = ("en", "zh_CN")
_CATALOGUES: Final[dict[str, Mapping[str, str]]] = {"en": {}, "zh_CN": CHINESE}


class Phrases:
    """``say("{n} runs", n=3)`` gives the phrase in ``language``; one that the catalogue lacks stays English."""

    def __init__(self, language: str = "en") -> None:
        if language not in _CATALOGUES:
            raise InputError(f"language {language!r} of a report: expected one of {', '.join(LANGUAGES)}")
        self.language = language
        self._catalogue = _CATALOGUES[language]

    def __call__(self, text: str, **values: Any) -> str:
        return self._catalogue.get(text, text).format(**values) if values else self._catalogue.get(text, text)

    def size(self, size_bytes: int | None) -> str:
        return self(NOT_AVAILABLE) if size_bytes is None else format_size(size_bytes)

    def budget(self, size_bytes: int | None) -> str:
        return self("unlimited") if size_bytes is None else format_size(size_bytes)

    def seconds(self, seconds: float | None) -> str:
        return self(NOT_AVAILABLE) if seconds is None else format_seconds(seconds)

    def percent(self, fraction: float | None, digits: int = 2) -> str:
        return self(NOT_AVAILABLE) if fraction is None else f"{100 * fraction:.{digits}f} %"

    def factor(self, ratio: float | None) -> str:
        """How many times smaller or larger than the base."""
        if ratio is None or ratio <= 0:
            return self(NOT_AVAILABLE)
        if abs(ratio - 1) < 0.005:
            return self("same")
        return self("{x}x less", x=f"{1 / ratio:.3g}") if ratio < 1 else self("{x}x more", x=f"{ratio:.3g}")

    def local_time(self, started_at: str) -> str:
        """An ISO 8601 moment on the clock of this machine."""
        return local_time(started_at, offset=True) or self(NOT_AVAILABLE)

    def tied(self, text: str) -> str:
        """A figure and its unit on one line."""
        return text.replace(" ", "\u00a0")

    def flag(self, value: bool | None) -> str:
        return self(NOT_AVAILABLE if value is None else "yes" if value else "no")

    def table(self, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], texts: int = 1) -> TextTable:
        """A table whose first ``texts`` columns are words and whose others are figures."""
        numeric = tuple(number >= texts for number in range(len(columns)))
        return TextTable(title, columns, numeric, tuple(rows))
