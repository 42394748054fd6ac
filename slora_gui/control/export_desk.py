"""Exports by action: asks where to, writes in the background where it may take long, tells what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_gui.control import exporting
from slora_gui.control.background import Background
from slora_gui.control.dialogs import Dialogs
from slora_gui.control.outcomes import error_message
from slora_gui.model.job_model import JobModel
from slora_gui.plots.export import export_csv
from slora_gui.plots.table import TableData
from slora_gui.shell.message_bar import Message

PLOT_KINDS = {"export-png": "png", "export-svg": "svg", "export-plot-csv": "csv"}


class ExportDesk(QObject):
    """``told`` carries a Message for the person."""

    told = Signal(object)

    def __init__(self, job: JobModel, dialogs: Dialogs, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self.dialogs = dialogs
        self._background = background

    def save_config(self, config: RunConfig | None = None) -> None:
        """None is the job as it stands; so is it for the snippet."""
        title, patterns = self.tr("Save configuration"), self.tr("Configuration (*.toml)")
        if path := self.dialogs.save_file(title, "job.toml", patterns, ".toml"):
            self._write(partial(exporting.save_config, config or self._job.config, path), path)

    def save_snippet(self, config: RunConfig | None = None) -> None:
        title, patterns = self.tr("Save Python snippet"), self.tr("Python (*.py)")
        if path := self.dialogs.save_file(title, "run_job.py", patterns, ".py"):
            self._write(partial(exporting.save_snippet, config or self._job.config, path), path)

    def copy_snippet(self) -> None:
        exporting.copy_snippet(self._job.config)
        self.told.emit(Message(self.tr("The Python snippet is on the clipboard."), "good"))

    def copy_command(self) -> None:
        exporting.copy_command(self._job.config)
        self.told.emit(Message(self.tr("The command line is on the clipboard."), "good"))

    def export_plot(self, plot: QWidget, kind: str) -> None:
        """``kind``: png, svg, csv or clipboard."""
        if kind == "clipboard":
            exporting.copy_plot(plot)
            self.told.emit(Message(self.tr("The plot is on the clipboard."), "good"))
            return
        patterns = {
            "png": self.tr("Picture (*.png)"),
            "svg": self.tr("Vector drawing (*.svg)"),
            "csv": self.tr("Table (*.csv)"),
        }
        title = self.tr("Export plot")
        if path := self.dialogs.save_file(title, f"plot.{kind}", patterns[kind], f".{kind}"):
            self._write(partial(exporting.export_plot, plot, kind, path), path)

    def export_table(self, table: TableData, name: str) -> None:
        """One table as CSV, ``name`` proposed for its file."""
        if path := self.dialogs.save_file(self.tr("Export table"), name, self.tr("Table (*.csv)"), ".csv"):
            self._write(partial(export_csv, table, path), path)

    def export_tables(self, runs: Sequence[Path]) -> None:
        if folder := self.dialogs.folder(self.tr("Folder for the CSV tables")):
            done = partial(self._written, folder)
            self._background.start(partial(exporting.export_tables, tuple(runs), folder), done, self._failed)

    def export_report(self, runs: Sequence[Path], language: str) -> None:
        try:
            write_pdf = exporting.report_writer()
        except SloraError as error:
            self._failed(error)
            return
        title, patterns = self.tr("Export report"), self.tr("Report (*.pdf)")
        if path := self.dialogs.save_file(title, "report.pdf", patterns, ".pdf"):
            work = partial(write_pdf, tuple(runs), path, language=language)
            self._background.start(work, partial(self._written, path), self._failed)

    def _write(self, write: Callable[[], Any], path: Path) -> None:
        try:
            write()
        except SloraError as error:
            self._failed(error)
        else:
            self._written(path, None)

    def _written(self, path: Path, _: Any) -> None:
        folder = path if path.is_dir() else path.parent
        show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(folder)))
        text = self.tr("Saved as {path}").format(path=path)
        self.told.emit(Message(text, "good", self.tr("Open folder"), show))

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, SloraError):
            raise error
        self.told.emit(error_message(error))
