"""The questions that the window asks with a dialog of its own: files, notes, and whether to stop a run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget


class Dialogs:
    """Every answer is None or False when the person takes the question back."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self._folder = ""

    def open_file(self, title: str, patterns: str) -> Path | None:
        """``patterns`` as Qt takes them: ``Runs (*.slora)``."""
        name, _ = QFileDialog.getOpenFileName(self._parent, title, self._folder, patterns)
        return self._kept(name)

    def save_file(self, title: str, name: str, patterns: str, suffix: str) -> Path | None:
        """``suffix`` (".csv") is added to a name without one."""
        start = str(Path(self._folder) / name)
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, start, patterns)
        if not chosen:
            return None
        path = Path(chosen)
        return self._kept(str(path if path.suffix else path.with_suffix(suffix)))

    def folder(self, title: str) -> Path | None:
        return self._kept(QFileDialog.getExistingDirectory(self._parent, title, self._folder))

    def note(self, text: str) -> str | None:
        title = QCoreApplication.translate("Dialogs", "Note on this run")
        label = QCoreApplication.translate("Dialogs", "The note is kept in the run's file.")
        answer, given = QInputDialog.getMultiLineText(self._parent, title, label, text)
        return answer if given else None

    def stop_running(self) -> bool:
        """Whether a run that is under way may be cancelled to close the window."""
        title = QCoreApplication.translate("Dialogs", "A run is under way")
        text = QCoreApplication.translate("Dialogs", "Cancel the run and close? What was measured so far is kept.")
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._parent)
        close = box.addButton(
            QCoreApplication.translate("Dialogs", "Cancel the run and close"), QMessageBox.ButtonRole.AcceptRole
        )
        stay = box.addButton(QCoreApplication.translate("Dialogs", "Keep running"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is close

    def _kept(self, name: str) -> Path | None:
        if not name:
            return None
        self._folder = str(Path(name).parent)
        return Path(name)
