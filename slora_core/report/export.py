"""Writes a report where a person wants it: a PDF, a CSV set beside a named file, or a folder of CSV files.

The PDF writer is an installed plug-in of the group ``slora.report_writers``, since drawing needs Qt and the engine
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from slora_core.errors import InputError, SloraError
from slora_core.records.export_csv import run_tables, write_tables
from slora_core.report.files import report_files
from slora_core.report.studies import effects_table

WRITERS_GROUP: Final = "slora.report_writers"
Paper: TypeAlias = Literal["A4", "Letter"]
PAPERS: Final[tuple[Paper, ...]] = ("A4", "Letter")
PdfWriter: TypeAlias = Callable[..., Any]
FIRST: Final[tuple[str, ...]] = ("comparison", "runs", "ablation")
"""What a named CSV file holds: the first of these that there is."""


class WriterMissing(SloraError):
    """The PDF cannot be drawn by this installation."""


def export_report(
    files: Sequence[str | Path], out: str | Path, *, language: str = "en", paper: str = "A4"
) -> tuple[Path, ...]:
    """Write the report of run files and studies of the memory measures to ``out`` and return what was written.

    ``.pdf``: the PDF. ``.csv``: the comparison (of one run: the table of runs, of studies alone: their effects) under
    that name, the other tables beside it. Anything else without a suffix: a folder of CSV files. Raises InputError,
    OutputError; and WriterMissing where no PDF can be drawn, after the CSV set has been written instead.
    """
    target = Path(out)
    suffix = "" if target.is_dir() else target.suffix.lower()
    if suffix == ".pdf":
        return _pdf(files, target, language, paper)
    if suffix not in ("", ".csv"):
        raise InputError(f"report {str(out)!r} ends in {target.suffix!r}: expected .pdf, .csv or the name of a folder")
    return _tables(files, target, suffix)


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


def _pdf(files: Sequence[str | Path], target: Path, language: str, paper: str) -> tuple[Path, ...]:
    try:
        write_pdf = pdf_writer()
    except WriterMissing as error:
        written = _tables(files, target.with_suffix(".csv"), ".csv")
        names = ", ".join(path.name for path in written)
        raise WriterMissing(f"{error.what}; the tables were written as CSV instead: {names}", error.remedy) from None
    write_pdf(files, target, language=language, paper=paper)
    return (target,)


def _tables(files: Sequence[str | Path], target: Path, suffix: str) -> tuple[Path, ...]:
    with report_files(files) as found:
        tables = run_tables(found.runs) if found.runs else {}
        if found.ablations:
            tables["ablation"] = effects_table(found.ablations)
        if not suffix:
            return write_tables({f"{name}.csv": table for name, table in tables.items()}, target)
        first = next(name for name in FIRST if name in tables)
        names = {first: target.name}
        names |= {name: f"{target.stem}-{name}{target.suffix}" for name in tables if name != first}
        return write_tables({file: tables[name] for name, file in names.items()}, target.parent)
