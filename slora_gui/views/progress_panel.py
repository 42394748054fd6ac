"""How far a run is: the whole, the stage, the time that is left once it means something, and Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.eliding import ElidingLabel
from slora_gui.i18n import Retranslating
from slora_gui.model.problem_texts import what_text
from slora_gui.model.stage_texts import stage_text
from slora_gui.steady import Pace, Room, SteadyLabel
from slora_gui.theme import icon
from slora_gui.views.layout import GRID, as_sentence, column, row, set_role

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

_STEPS = 1000
CLOCK_S = 0.5
"""Between two looks at the time that a run has taken, while it tells nothing new of how far it is."""
_LIVE = ("starting", "running")


class ProgressPanel(Retranslating, QWidget):
    """Follows one run; an ended run shows its outcome instead of bars."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self._cancelling = False
        self.status = SteadyLabel()
        self.stage = ElidingLabel()
        self.stage.setProperty("role", "muted")
        self.left = SteadyLabel()
        self.left.setProperty("role", "muted")
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.whole_bar = QProgressBar()
        self.stage_bar = QProgressBar()
        for bar in (self.whole_bar, self.stage_bar):
            bar.setTextVisible(False)
            bar.setFixedHeight(GRID)
        self.cancel = QPushButton()
        self.cancel.setIcon(icon("cancel"))
        self.cancel.clicked.connect(self._cancel)
        texts = row(self.status, Room(self.stage), self.left, self.cancel, stretch=1, spacing=2 * GRID)
        self.setAutoFillBackground(True)  # so that nothing behind it is painted again with every step
        self._pace = Pace(self.refresh, self)
        layout = column(self, spacing=4)
        layout.addLayout(texts)
        layout.addWidget(self.whole_bar)
        layout.addWidget(self.stage_bar)
        self.retranslate()

    def set_run(self, run: RunModel | None) -> None:
        if self._run is not None:
            self._run.changed.disconnect(self._changed)
        self._run, self._cancelling = run, False
        if run is not None:
            run.changed.connect(self._changed)
        self.refresh()

    def retranslate(self) -> None:
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("Ends the run; what was measured is kept"))
        self.whole_bar.setAccessibleName(self.tr("Progress of the run"))
        self.stage_bar.setAccessibleName(self.tr("Progress of the stage"))
        self.refresh()

    def refresh(self) -> None:
        run = self._run
        live = run is not None and run.status in _LIVE
        own = live and run is not None and not run.following
        for widget in (self.whole_bar, self.stage_bar, self.cancel):
            widget.setVisible(own)
        self.status.setToolTip(
            self.tr("Another process writes this run; it is cancelled there") if live and not own else ""
        )
        self.cancel.setEnabled(not self._cancelling)
        self.status.setText(self._status_text())
        set_role(self.status, self._status_role())
        stage, left = "", ""
        if run is not None:
            stage, left = self._progress_texts(run) if live else self._outcome_texts(run)
        self.stage.setText(stage)
        self.stage.setToolTip(stage)
        self.left.setText(left)

    def _progress_texts(self, run: RunModel) -> tuple[str, str]:
        """Of the stage and of the time, while the bars are set."""
        progress = run.progress
        spent = self.tr("{time} so far").format(time=format_seconds(run.now_s))
        if progress is None:
            for bar in (self.whole_bar, self.stage_bar):
                bar.setRange(0, _STEPS)
                bar.setValue(0)
            return "", spent if run.now_s else ""
        count = self.tr("{stage}: {done} of {total} {unit}")
        stage = count.format(
            stage=stage_text(progress.stage), done=progress.done, total=progress.total, unit=self._unit(progress.unit)
        )
        self.stage_bar.setRange(0, _STEPS)
        inside = run.open_stage
        if inside and inside != progress.stage and not progress.stage.startswith(f"{inside}."):
            stage = stage_text(inside)  # has begun since, and has not told how far it is
            self.stage_bar.setValue(0)
        else:
            reached = progress.done + progress.under_way
            self.stage_bar.setValue(round(_STEPS * reached / max(1, progress.total)))
        self.whole_bar.setRange(0, _STEPS)
        self.whole_bar.setValue(round(_STEPS * progress.fraction) if progress.fraction is not None else 0)
        parts = [f"{100 * progress.fraction:.0f} %"] if progress.fraction is not None else []
        parts.append(spent)
        if progress.eta_s is not None:
            parts.append(self.tr("about {time} left").format(time=format_seconds(max(1, round(progress.eta_s)))))
        return stage, " · ".join(parts)

    def _outcome_texts(self, run: RunModel) -> tuple[str, str]:
        failure = "" if run.failure is None else as_sentence(what_text(run.failure))
        if run.budget_bytes is None:
            return failure, self.tr("no budget")
        kept = None if run.result is None else run.result.within_budget
        partly = run.result is not None and run.result.bound_peak_bytes is not None
        texts = {
            True: self.tr("budget {size}, kept where it binds") if partly else self.tr("budget {size}, kept"),
            False: self.tr("budget {size}, passed"),
            None: self.tr("budget {size}"),
        }
        return failure, texts[kept].format(size=format_size(run.budget_bytes))

    def _status_text(self) -> str:
        if self._run is None:
            return ""
        if self._cancelling and self._run.status in _LIVE:
            return self.tr("Cancelling...")
        if self._run.following:
            return self.tr("Following a run of another process")
        texts = {
            "starting": self.tr("Starting..."),
            "running": self.tr("Running"),
            "finished": self.tr("Finished"),
            "failed": self.tr("Failed"),
            "cancelled": self.tr("Cancelled"),
            "interrupted": self.tr("Interrupted: the engine ended before the run did"),
        }
        text = texts.get(self._run.status, self._run.status)
        seconds = self._run.seconds
        if self._run.status in _LIVE or seconds is None:
            return text
        return self.tr("{status} after {time}").format(status=text, time=format_seconds(seconds))

    def _status_role(self) -> str:
        roles = {"finished": "good", "failed": "danger", "interrupted": "warning", "cancelled": "warning"}
        if self._run is not None and self._run.following:
            return "good"
        return roles.get(self._run.status, "") if self._run is not None else ""

    def _unit(self, unit: str) -> str:
        units = {
            "steps": self.tr("steps"),
            "classes": self.tr("classes"),
            "rows": self.tr("rows"),
            "samples": self.tr("samples"),
            "pairs": self.tr("pairs"),
            "images": self.tr("images"),
        }
        return units.get(unit, unit)

    def _cancel(self) -> None:
        """Answered at once: the button is spent before the engine has heard of it."""
        self._cancelling = True
        self.refresh()
        self.cancel_requested.emit()

    def _changed(self, aspect: str) -> None:
        if aspect == "status":
            self._pace.now()
        elif aspect == "progress":
            self._pace.request()
        elif aspect == "samples":
            self._pace.request(CLOCK_S)
