"""Start, resume and cancel of a study of many runs, with its progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from slora_core.records.tables import format_seconds
from slora_core.wording import by_count
from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.flow_layout import FlowLayout
from slora_gui.views.layout import GRID, column


class StudyBar(Retranslating, QWidget):
    """``options`` are the widgets of the study's own settings, shown before the buttons."""

    start_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, *options: QWidget, after: QWidget | None = None) -> None:
        """``after`` stands at the right end of the line."""
        super().__init__()
        self._running = False
        self._startable = True
        self._cancelling = False
        self._done = 0
        self._total = 0
        self._eta_s: float | None = None
        self._resumable = 0
        self._options = options
        self.start = QPushButton()
        self.start.setProperty("primary", "true")
        self.start.setIcon(icon("run"))
        self.start.clicked.connect(self.start_requested)
        self.resume = QPushButton()
        self.resume.setIcon(icon("resume"))
        self.resume.clicked.connect(self.resume_requested)
        self.cancel = QPushButton()
        self.cancel.setIcon(icon("cancel"))
        self.cancel.clicked.connect(self._cancel)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID)
        self.line = QLabel()
        self.line.setProperty("role", "muted")
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addLayout(FlowLayout(*options, self.start, self.resume, self.cancel), 1)
        if after is not None:
            top.addWidget(after, 0, Qt.AlignmentFlag.AlignTop)
        layout = column(self)
        layout.addLayout(top)
        layout.addWidget(self.line)
        layout.addWidget(self.bar)
        self.retranslate()

    def retranslate(self) -> None:
        self.start.setText(self.tr("Start"))
        self.resume.setText(self.tr("Resume"))
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("Ends the study; finished runs are kept and can be resumed"))
        self.bar.setAccessibleName(self.tr("Progress of the study"))
        self._show()

    def set_resumable(self, finished_runs: int) -> None:
        """Runs that an earlier study of this job has finished; 0: nothing to resume."""
        self._resumable = finished_runs
        self._show()

    def set_running(self, running: bool) -> None:
        self._running, self._cancelling = running, False
        self._done, self._total, self._eta_s = 0, 0, None
        self._show()

    def set_startable(self, startable: bool) -> None:
        """Whether nothing else computes, which would falsify what a study measures."""
        self._startable = startable
        self._show()

    def set_progress(self, done: int, total: int, eta_s: float | None = None) -> None:
        self._done, self._total, self._eta_s = done, total, eta_s
        self._show()

    def _cancel(self) -> None:
        """Answered at once: the button is spent before the study has heard of it."""
        self._cancelling = True
        self._show()
        self.cancel_requested.emit()

    def _show(self) -> None:
        self.start.setVisible(not self._running)
        self.resume.setVisible(not self._running and self._resumable > 0)
        self.cancel.setVisible(self._running)
        self.cancel.setEnabled(not self._cancelling)
        busy = "" if self._startable else self.tr("Something else is running, which would falsify what is measured")
        for button, tip in ((self.start, ""), (self.resume, self.tr("Goes on from what was measured before"))):
            button.setEnabled(self._startable)
            button.setToolTip(busy or tip)
        self.bar.setVisible(self._running)
        for option in self._options:
            option.setEnabled(not self._running)
        self.bar.setRange(0, max(1, self._total))
        self.bar.setValue(self._done)
        text = ""
        if self._cancelling:
            text = self.tr("Cancelling...")
        elif self._running and self._total:
            text = self.tr("{done} of {total} runs").format(done=self._done, total=self._total)
            if self._eta_s is not None:
                text += " · " + self.tr("about {time} left").format(time=format_seconds(max(1, round(self._eta_s))))
        elif not self._running and self._resumable:
            one, many = self.tr("1 run is already measured"), self.tr("{count} runs are already measured")
            text = by_count(self._resumable, one, many).format(count=self._resumable)
        self.line.setText(text)
        self.line.setVisible(bool(text))
