"""What a person should know of a run, newest first, each with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from slora_core.events import Notice
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.notice_texts import notice_text, notice_title
from slora_gui.model.notices import notice_actions
from slora_gui.model.stage_texts import stage_text
from slora_gui.theme import icon
from slora_gui.views.flow_layout import FlowLayout
from slora_gui.views.layout import GRID, MARGIN, column, unbroken, wrapping_label

if TYPE_CHECKING:
    from slora_gui.model.run_model import RunModel

_ICONS = {"budget-near": "warning", "budget-crossed": "error", "retry": "warning", "not-recorded": "error"}
_MOST = 500


class NoticesView(Retranslating, QWidget):
    """A card a notice; one of the budget offers to raise it or to plan again."""

    show_requested = Signal(object)
    """The notice whose moment is to be shown on the plot."""
    raise_budget_requested = Signal(object)
    replan_requested = Signal(object)

    def __init__(self, run: RunModel | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self.cards: list[NoticeCard] = []
        self._taken = 0
        self._empty = wrapping_label("muted")
        holder = QWidget()
        self._list = column(holder, margin=MARGIN)
        self._list.addWidget(self._empty)
        self._list.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(holder)
        column(self).addWidget(self.area)
        self.retranslate()
        self.set_run(run)

    def set_run(self, run: RunModel | None) -> None:
        if self._run is not None:
            self._run.changed.disconnect(self._changed)
        self._run = run
        if run is not None:
            run.changed.connect(self._changed)
        for card in self.cards:
            self._list.removeWidget(card)
            card.deleteLater()
        self.cards = []
        self._taken = 0
        self._take()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Notices"))
        self._empty.setText(self.tr("Nothing to report. Budget crossings, retries and jitters are listed here."))

    def _changed(self, aspect: str) -> None:
        if aspect == "notices":
            self._take()

    def _take(self) -> None:
        """Add what is new; a run with very many notices shows the latest of them."""
        notices = self._run.notices if self._run is not None else []
        for notice in notices[max(self._taken, len(notices) - _MOST) :]:
            card = NoticeCard(notice)
            card.show_requested.connect(self.show_requested)
            card.raise_budget_requested.connect(self.raise_budget_requested)
            card.replan_requested.connect(self.replan_requested)
            self.cards.append(card)
            self._list.insertWidget(0, card)
        self._taken = len(notices)
        self._empty.setVisible(not self.cards)


class NoticeCard(Retranslating, QFrame):
    """Time, stage, message and buttons."""

    show_requested = Signal(object)
    raise_budget_requested = Signal(object)
    replan_requested = Signal(object)

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.title, self.moment = QLabel(), QLabel()
        self.title.setProperty("role", "strong")
        self.moment.setProperty("role", "muted")
        self.message = wrapping_label()
        self.buttons = {name: QPushButton() for name in self._actions()}
        self._picture = QLabel()
        self._show_picture()
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self._picture)
        head.addWidget(self.title, 1)
        actions = FlowLayout(*self.buttons.values())
        for name, button in self.buttons.items():
            button.clicked.connect(getattr(self, f"_{name}"))
        layout = column(self, margin=GRID, spacing=4)
        layout.addLayout(head)
        layout.addWidget(self.moment)
        layout.addWidget(self.message)
        layout.addLayout(actions)
        self.retranslate()

    def retranslate(self) -> None:
        notice = self.notice
        at = format_seconds(notice.t_s)
        self.title.setText(notice_title(notice))
        self.moment.setText(f"{at} · {stage_text(notice.stage)}" if notice.stage else at)
        message = notice_text(notice)
        self.message.setText(unbroken(message))
        self.message.setToolTip("" if message == notice.message else notice.message)
        self.setAccessibleName(self.tr("Notice at {time}: {message}").format(time=at, message=message))
        texts = {
            "show": (self.tr("Show"), self.tr("Shows this moment on the plot")),
            "raise_budget": (self.tr("Raise budget"), self.tr("Sets the job's budget above what was used here")),
            "replan": (self.tr("Re-plan"), self.tr("Plans the job anew within its budget")),
        }
        for name, button in self.buttons.items():
            button.setText(texts[name][0])
            button.setToolTip(texts[name][1])

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_picture"):
            self._show_picture()

    def _show_picture(self) -> None:
        self._picture.setPixmap(icon(_ICONS.get(self.notice.kind, "info"), "warning").pixmap(16, 16))

    def _actions(self) -> tuple[str, ...]:
        offered = notice_actions(self.notice)
        wanted = {
            "show": True,
            "raise_budget": offered.raised_budget_bytes is not None,
            "replan": offered.replan,
        }
        return tuple(name for name, here in wanted.items() if here)

    def _show(self) -> None:
        self.show_requested.emit(self.notice)

    def _raise_budget(self) -> None:
        self.raise_budget_requested.emit(self.notice)

    def _replan(self) -> None:
        self.replan_requested.emit(self.notice)
