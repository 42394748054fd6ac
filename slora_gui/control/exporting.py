"""Writes what the window shows into files and onto the clipboard. Every file is whole or not there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from slora_core.config import RunConfig
from slora_core.errors import InputError, OutputError
from slora_core.records.export_csv import export_runs
from slora_core.records.run_file import RunFile
from slora_gui.model import snippets
from slora_gui.plots import export


def write_text(path: Path, text: str) -> None:
    """UTF-8, through a temporary file. Raises OutputError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OutputError(f"file {str(path)!r} cannot be written: {error.strerror}") from None


def save_config(config: RunConfig, path: Path) -> None:
    write_text(path, snippets.toml_text(config))


def save_snippet(config: RunConfig, path: Path) -> None:
    write_text(path, snippets.python_snippet(config))


def copy_snippet(config: RunConfig) -> None:
    QGuiApplication.clipboard().setText(snippets.python_snippet(config))


def copy_command(config: RunConfig) -> None:
    QGuiApplication.clipboard().setText(snippets.shell_command(config))


def export_tables(runs: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The CSV set of recorded runs. Raises InputError and OutputError."""
    with ExitStack() as stack:
        return export_runs([stack.enter_context(closing(RunFile.open(path))) for path in runs], folder)


def report_writer() -> Callable[..., Any]:
    """The PDF writer. Raises InputError where this installation has none."""
    try:
        return importlib.import_module("slora_gui.report").write_pdf  # type: ignore[no-any-return]
    except (ImportError, AttributeError):
        raise InputError("this installation has no PDF report", "export the tables as CSV instead") from None


def export_plot(plot: QWidget, kind: str, path: Path) -> None:
    """``kind`` is "png", "svg" or "csv" (the plot's data). Raises OutputError."""
    if kind == "png":
        export.export_png(plot, path)
    elif kind == "svg":
        export.export_svg(plot, path)
    else:
        export.export_csv(plot.data_table(), path)  # type: ignore[attr-defined]  # every plot has one


def copy_plot(plot: QWidget) -> None:
    export.copy_to_clipboard(plot)
