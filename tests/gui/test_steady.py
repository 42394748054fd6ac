"""Labels that leave the layout alone, and the pace at which they change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from slora_gui.steady import Pace, Room, SteadyLabel


class _Requests(QObject):
    """Counts the layouts that are asked for."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def row(qtbot):
    """A shown widget with a row, and the requests for its layout."""
    widget = QWidget()
    qtbot.addWidget(widget)
    QHBoxLayout(widget)
    widget.resize(400, 40)
    widget.show()
    requests = _Requests()
    widget.installEventFilter(requests)
    return widget, requests


def _settled(row, qapp):
    widget, requests = row
    qapp.processEvents()
    qapp.processEvents()  # what the first layout has asked for
    requests.count = 0
    return widget, requests


def test_a_text_is_never_cut_while_a_change_of_language_waits_for_its_layout(row, qapp):
    label = SteadyLabel()
    row[0].layout().addWidget(label)
    label.setText("a rather long text in some language")
    qapp.processEvents()
    label.setText("short")
    QApplication.sendEvent(label, QEvent(QEvent.Type.LanguageChange))
    label.setText("neither long nor short")
    assert label.minimumWidth() >= label.sizeHint().width() >= label.fontMetrics().horizontalAdvance(label.text())


def test_a_text_that_fits_asks_for_no_layout_and_a_longer_one_does(row, qapp):
    label, plain = SteadyLabel(), QLabel()
    row[0].layout().addWidget(label)
    row[0].layout().addWidget(plain)
    label.setText("1023.9 MiB")
    _, requests = _settled(row, qapp)
    width = label.width()
    label.setText("1 B")
    qapp.processEvents()
    assert (label.text(), label.width(), requests.count) == ("1 B", width, 0)
    label.setText("1023.9 MiB of 2 GiB")
    qapp.processEvents()
    assert label.width() > width
    assert requests.count > 0
    _settled(row, qapp)
    plain.setText("a plain label")
    qapp.processEvents()
    assert requests.count > 0


def test_another_font_gives_the_width_that_its_text_needs(row, qapp):
    label = SteadyLabel()
    row[0].layout().addWidget(label)
    label.setText("a long text that was")
    label.setText("short")
    width = label.width()
    font = label.font()
    font.setPointSizeF(font.pointSizeF() + 0.5)
    label.setFont(font)
    assert label.width() < width
    assert label.width() >= label.fontMetrics().horizontalAdvance("short")


def test_a_label_in_a_room_has_its_width_and_asks_for_none(row, qapp):
    label = QLabel()
    row[0].layout().addWidget(Room(label), 1)
    widget, requests = _settled(row, qapp)
    assert label.width() > widget.width() / 2
    label.setText("x" * 200)
    qapp.processEvents()
    assert requests.count == 0
    assert widget.minimumSizeHint().width() < 100


def test_a_pace_answers_at_once_and_then_once_for_all_that_came_between(qtbot):
    owner, calls = QObject(), []
    pace = Pace(lambda: calls.append(1), owner, interval_s=0.05)
    pace.request()
    assert len(calls) == 1
    pace.request()
    pace.request()
    assert len(calls) == 1
    qtbot.waitUntil(lambda: len(calls) == 2)
    assert not pace._timer.isActive()
    pace.request(30.0)
    assert pace._timer.remainingTime() > 20_000
    pace.request()  # is more pressing
    pace.request(30.0)
    qtbot.waitUntil(lambda: len(calls) == 3)
    pace.request()
    pace.now()
    assert not pace._timer.isActive()
