"""Writes a report where a person wants it: a PDF, a CSV set beside a named file, or a folder of CSV files.

The PDF writer is an installed plug-in of the group ``slora.report_writers``, since drawing needs Qt and the engine
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from slora_core.errors import InputError, SloraError
from slora_core.records.export_csv import export_runs, export_runs_as
from slora_core.records.run_file import RunFile

WRITERS_GROUP: Final = "slora.report_writers"
Paper: TypeAlias = Literal["A4", "Letter"]
PAPERS: Final[tuple[Paper, ...]] = ("A4", "Letter")
PdfWriter: TypeAlias = Callable[..., Any]


class WriterMissing(SloraError):
    """The PDF cannot be drawn by this installation."""


def export_report(
    runs: Sequence[str | Path], out: str | Path, *, language: str = "en", paper: str = "A4"
) -> tuple[Path, ...]:
    """Write the report of run files to ``out`` and return what was written.

    ``.pdf``: the PDF. ``.csv``: the comparison (of one run: the table of runs) under that name, the other tables
    beside it. Anything else without a suffix: a folder of CSV files. Raises InputError, OutputError; and WriterMissing
    where no PDF can be drawn, after the CSV set has been written instead.
    """
    target = Path(out)
    suffix = "" if target.is_dir() else target.suffix.lower()
    if suffix == ".pdf":
        return _pdf(runs, target, language, paper)
    if suffix not in ("", ".csv"):
        raise InputError(f"report {str(out)!r} ends in {target.suffix!r}: expected .pdf, .csv or the name of a folder")
    return _tables(runs, target, suffix)


def pdf_writer() -> PdfWriter:
    """The installed PDF writer. Raises WriterMissing that says what to install."""
    for entry in entry_points(group=WRITERS_GROUP, name="pdf"):
        try:
            return entry.load()  # type: ignore[no-any-return]
        except ImportError as error:
            missing = (error.name or str(error)).partition(".")[0]
            raise WriterMissing(
                f"a PDF report needs {missing!r}, which is not installed", "pip install 'slora[gui]' installs it"
            ) from None
    raise WriterMissing("this installation has no PDF writer", "install it again: pip install 'slora[gui]'")


def _pdf(runs: Sequence[str | Path], target: Path, language: str, paper: str) -> tuple[Path, ...]:
    try:
        write_pdf = pdf_writer()
    except WriterMissing as error:
        written = _tables(runs, target.with_suffix(".csv"), ".csv")
        names = ", ".join(path.name for path in written)
        raise WriterMissing(f"{error.what}; the tables were written as CSV instead: {names}", error.remedy) from None
    write_pdf(runs, target, language=language, paper=paper)
    return (target,)


def _tables(runs: Sequence[str | Path], target: Path, suffix: str) -> tuple[Path, ...]:
    with ExitStack() as stack:
        opened = [stack.enter_context(RunFile.open(path)) for path in runs]
        return export_runs_as(opened, target) if suffix else export_runs(opened, target)
