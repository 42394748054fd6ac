"""What holds for all views: names for screen readers, another language at once, both themes, room at 1280x800."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTranslator
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QToolButton,
)

from slora_core.records.history import History
from slora_gui.model.comparison_model import ComparisonModel
from slora_gui.model.history_model import HistoryModel
from slora_gui.views.ablation_page import AblationPage
from slora_gui.views.compare_page import ComparePage
from slora_gui.views.forecast_panel import ForecastPanel
from slora_gui.views.history_view import HistoryView
from slora_gui.views.job_panel import JobPanel
from slora_gui.views.live_page import LivePage
from slora_gui.views.notices_view import NoticesView
from slora_gui.views.plan_table import PlanTable
from slora_gui.views.results_view import ResultsView
from slora_gui.views.tuner_page import TunerPage

from .conftest import finished, show

EDITORS = (QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider, QAbstractItemView)
BUTTONS = (QPushButton, QToolButton, QRadioButton)
INSIDE = "qt_"


class Shouting(QTranslator):
    """A language in which every text is in capitals."""

    def translate(self, context, source, disambiguation=None, n=-1):
        return re.sub(r"[^{}]+(?![^{]*})", lambda part: part[0].upper(), source)

    def isEmpty(self):
        return False


MAKERS = {
    "job": lambda run, job, what_if: JobPanel(job, what_if),
    "live": lambda run, job, what_if: LivePage(run, job),
    "forecast": lambda run, job, what_if: ForecastPanel(what_if),
    "plan": lambda run, job, what_if: PlanTable(what_if),
    "notices": lambda run, job, what_if: NoticesView(run),
    "results": lambda run, job, what_if: ResultsView(run),
    "compare": lambda run, job, what_if: ComparePage(ComparisonModel()),
    "ablation": lambda run, job, what_if: AblationPage(),
    "tuner": lambda run, job, what_if: TunerPage(),
    "history": lambda run, job, what_if: HistoryView(HistoryModel(History())),
}


@pytest.fixture(params=MAKERS)
def view(request, run, job, what_if, qtbot):
    view = MAKERS[request.param](run, job, what_if)
    qtbot.addWidget(view)
    what_if.answer(job)
    return view


def own(view, kinds):
    """Widgets of the view that are not parts of another control, such as the list of a combo box."""
    found = [widget for kind in kinds for widget in view.findChildren(kind)]
    return [w for w in found if not w.objectName().startswith(INSIDE) and not inside_a_control(w)]


def inside_a_control(widget):
    parent = widget.parent()
    return parent is not None and (isinstance(parent, EDITORS) or inside_a_control(parent))


def test_every_control_has_a_name_for_screen_readers(view):
    nameless = [w for w in own(view, EDITORS) if not w.accessibleName() and "Header" not in type(w).__name__]
    nameless += [w for w in own(view, BUTTONS) if not (w.text() or w.accessibleName() or w.isHidden())]
    assert nameless == []


def test_every_text_follows_the_language(view, qapp):
    before = {w: w.text() for w in own(view, (QPushButton, QLabel)) if any(c.islower() for c in w.text())}
    translator = Shouting()
    QCoreApplication.installTranslator(translator)
    try:
        QApplication.sendPostedEvents(None, QEvent.Type.LanguageChange.value)
        changed = [w for w, text in before.items() if w.text() != text]
    finally:
        QCoreApplication.removeTranslator(translator)
        QApplication.sendPostedEvents(None, QEvent.Type.LanguageChange.value)
    untouched = [text for w, text in before.items() if w not in changed]
    data = [text for text in untouched if "iB" in text or " s" in text or "." in text or "cpu" in text]
    assert sorted(untouched) == sorted(data)
    assert {w: w.text() for w in before} == before


def test_every_view_has_room_in_a_small_window_in_both_themes(view, each_theme):
    if hasattr(view, "set_theme"):
        view.set_theme(each_theme)
    view.resize(620, 600)
    show(view)
    least = view.minimumSizeHint()
    assert (least.width() <= 620, least.height() <= 620) == (True, True)
    assert not view.grab().isNull()


def test_views_follow_a_run_to_its_end_and_let_go_of_it(run, job, qtbot):
    page, results, notices = LivePage(run, job), ResultsView(run), NoticesView(run)
    for view in (page, results, notices):
        qtbot.addWidget(view)
        view.set_run(None)
    run.feed(finished())
    assert page.readout.isHidden()
    assert page.progress.status.text() == ""
