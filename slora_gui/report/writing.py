"""Writes the report of recorded runs and ablations as one PDF, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPainter, QPdfWriter

from slora_core.errors import InputError, OutputError
from slora_core.report import Report, build_report
from slora_core.report.files import report_files
from slora_gui.report.composing import compose
from slora_gui.report.style import PIXELS_A_POINT, Style

_PAPERS: Final = {"A4": QPageSize.PageSizeId.A4, "Letter": QPageSize.PageSizeId.Letter}
_POINTS_AN_INCH: Final = 72


def write_pdf(files: Sequence[str | Path], path: str | Path, *, language: str = "en", paper: str = "A4") -> Path:
    """Write the report of ``files`` (runs, the first of which is the base, and ablations) to ``path`` and return it.

    ``language`` is one of LANGUAGES, ``paper`` "A4" or "Letter". May be called from any thread. Raises InputError, and
    OutputError when ``path`` cannot be written; then the file that was there is unchanged.
    """
    _check_paper(paper)
    with report_files(files) as found:
        report = build_report(found.runs, language, ablations=found.ablations)
    _replace(Path(path), render_pdf(report, paper))
    return Path(path)


def render_pdf(report: Report, paper: str = "A4") -> bytes:
    """The PDF of ``report``."""
    _check_paper(paper)
    _application()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_POINTS_AN_INCH * PIXELS_A_POINT)
    writer.setPageLayout(
        QPageLayout(QPageSize(_PAPERS[paper]), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    )
    writer.setTitle(report.title)
    writer.setCreator("SLoRA")
    pages = compose(report, QSizeF(writer.width(), writer.height()), Style.of(report.language))
    painter = QPainter(writer)
    try:
        for number, page in enumerate(pages):
            if number:
                writer.newPage()
            for draw in page:
                draw(painter)
    finally:
        painter.end()
    buffer.close()
    return bytes(buffer.data().data())


def _check_paper(paper: str) -> None:
    if paper not in _PAPERS:
        raise InputError(f"paper {paper!r} of a report: expected one of {', '.join(_PAPERS)}")


@cache
def _application() -> QGuiApplication:
    """The running application, or one without a display for fonts alone."""
    return QGuiApplication.instance() or QGuiApplication(["slora", "-platform", "offscreen"])  # type: ignore[return-value]


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OutputError(f"report {str(path)!r} cannot be written: {error.strerror}") from None
