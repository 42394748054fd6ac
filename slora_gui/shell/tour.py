"""The tour: five steps, each a card beside the part of the window that it is about, the rest dimmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from slora_gui.i18n import Retranslating

_DIM: Final = QColor(0, 0, 0, 120)
_CARD_WIDTH: Final = 340
_GAP: Final = 12


@dataclass(frozen=True, slots=True)
class TourStep:
    """``target`` finds the widget at the time (None: the middle of the window); ``show`` brings it to sight."""

    title: str
    text: str
    target: Callable[[], QWidget | None]
    show: Callable[[], None] = lambda: None


class Tour(Retranslating, QWidget):
    """Covers its window until the last step is done or Escape is pressed; then ``ended`` and it goes."""

    ended = Signal()

    def __init__(self, window: QWidget, steps: Callable[[], Sequence[TourStep]]) -> None:
        super().__init__(window)
        self._covered = window
        self._steps = steps
        self.index = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.card = QFrame(self)
        self.card.setProperty("role", "card")
        self.card.setFixedWidth(_CARD_WIDTH)
        self.card.setAutoFillBackground(True)
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._title.setWordWrap(True)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self.back_button = QPushButton()
        self.back_button.clicked.connect(self._back)
        self.next_button = QPushButton()
        self.next_button.setProperty("primary", "true")
        self.next_button.clicked.connect(self._next)
        buttons = QHBoxLayout()
        buttons.addWidget(self._count, 1)
        buttons.addWidget(self.back_button)
        buttons.addWidget(self.next_button)
        layout = self._layout = QVBoxLayout(self.card)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(buttons)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.retranslate()
        self.show()
        self.raise_()
        self.next_button.setFocus()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Tour of the window"))
        steps = self._steps()
        last = self.index == len(steps) - 1
        self.back_button.setText(self.tr("Back"))
        self.back_button.setEnabled(self.index > 0)
        self.next_button.setText(self.tr("Done") if last else self.tr("Next"))
        self._count.setText(self.tr("{step} of {steps}").format(step=self.index + 1, steps=len(steps)))
        self._title.setText(steps[self.index].title)
        self._text.setText(steps[self.index].text)
        steps[self.index].show()
        self.raise_()  # a panel that is brought forward lies above everything in its window
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._covered and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._covered.rect())
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end()
        elif event.key() == Qt.Key.Key_Right:
            self._next()
        elif event.key() == Qt.Key.Key_Left:
            self._back()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        spot = self._spot()
        painter.setClipRegion(QRegion(self.rect()).subtracted(QRegion(spot)))
        painter.fillRect(self.rect(), _DIM)
        painter.setClipping(False)
        if not spot.isEmpty():
            painter.setPen(QPen(self.palette().accent().color(), 2))
            painter.drawRect(spot)

    def _spot(self) -> QRect:
        target = self._steps()[self.index].target()
        if target is None or not target.isVisible():
            return QRect()
        corner = target.mapTo(self.window(), QPoint(0, 0)) - self.mapTo(self.window(), QPoint(0, 0))
        return QRect(corner, target.size()).intersected(self.rect().adjusted(1, 1, -1, -1))

    def _place(self) -> None:
        """Beside the spot where there is room: right, left, below, above, else in the middle of it."""
        self.card.resize(_CARD_WIDTH, self._layout.totalHeightForWidth(_CARD_WIDTH))
        size, spot, room = self.card.size(), self._spot(), self.rect().adjusted(_GAP, _GAP, -_GAP, -_GAP)
        if spot.isEmpty():
            spot = QRect(self.rect().center(), self.rect().center())
        places = (
            QPoint(spot.right() + _GAP, spot.center().y() - size.height() // 2),
            QPoint(spot.left() - _GAP - size.width(), spot.center().y() - size.height() // 2),
            QPoint(spot.center().x() - size.width() // 2, spot.bottom() + _GAP),
            QPoint(spot.center().x() - size.width() // 2, spot.top() - _GAP - size.height()),
        )
        middle = spot.center() - QPoint(size.width() // 2, size.height() // 2)
        fitting = (place for place in places if room.contains(QRect(_pushed_in(place, size, room, spot), size)))
        place = next((p for p in fitting if not QRect(_pushed_in(p, size, room, spot), size).intersects(spot)), middle)
        self.card.move(_pushed_in(place, size, room, spot))
        self.update()

    def _next(self) -> None:
        if self.index == len(self._steps()) - 1:
            self._end()
            return
        self.index += 1
        self.retranslate()

    def _back(self) -> None:
        self.index = max(0, self.index - 1)
        self.retranslate()

    def _end(self) -> None:
        self._covered.removeEventFilter(self)
        self.hide()
        self.ended.emit()
        self.deleteLater()


def _pushed_in(place: QPoint, size: QSize, room: QRect, spot: QRect) -> QPoint:
    """The place moved along the spot's side so that the card stays inside the window."""
    width, height = size.width(), size.height()
    return QPoint(
        min(max(place.x(), room.left()), room.right() - width + 1)
        if spot.left() <= place.x() + width and place.x() <= spot.right()
        else place.x(),
        min(max(place.y(), room.top()), room.bottom() - height + 1),
    )
