"""The smallest window: nothing is cut at its edges, in any language, with a run, a comparison and notices on show."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QComboBox, QLabel, QWidget
from window_fakes import MIB, beginning, finishing

from slora_core.events import Notice
from slora_gui.main_window import PAGES
from slora_gui.settings import Settings

SIZE = (1024, 700)
SCROLLED = "qt_scrollarea_viewport"


def _near_the_budget(config, cancel):
    yield from beginning(config)
    values = {"used_bytes": 15 * MIB, "budget_bytes": 16 * MIB}
    yield Notice(0.35, "budget-near", "memory is at 92 % of the budget of 16 MiB", "scan", values)
    yield from list(finishing(config, cancel))[4:]


@pytest.fixture(params=["en", "zh_CN"])
def narrow(request, make_window, qtbot):
    window, controller = make_window(_near_the_budget, Settings(language=request.param, theme="light", toured=True))
    window.resize(*SIZE)
    window.show()
    controller.perform("compare-engines")
    qtbot.waitUntil(lambda: not controller.runs.running and not controller.background.busy)
    return window


def _cut(part: QWidget):
    """What reaches beyond the right edge of ``part`` or of what it is scrolled in."""
    for widget in part.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton | QComboBox):
            for above in _above(widget, part):
                right = widget.mapTo(above, widget.rect().topRight()).x()
                if right >= above.width():
                    yield widget


def _above(widget, part):
    above = widget.parentWidget()
    while above is not None:
        if above is part or above.objectName() == SCROLLED:
            area = above.parentWidget()
            if isinstance(area, QAbstractScrollArea) and area.horizontalScrollBar().isVisible():
                return  # it can be scrolled to
            yield above
        if above is part:
            return
        above = above.parentWidget()


def _settle():
    for _ in range(3):
        QApplication.processEvents()


def test_every_page_is_whole(narrow):
    for page in PAGES:
        narrow.show_page(page)
        _settle()
        assert narrow.size().toTuple() == SIZE
        assert narrow.centralWidget().width() >= narrow.centralWidget().minimumSizeHint().width(), page
        assert list(_cut(narrow.centralWidget())) == [], page


def test_every_panel_and_tab_is_whole(narrow):
    for name in ("job", "forecast", "notices"):
        narrow.show_dock(name)
        _settle()
        panel = narrow.docks[name]
        assert panel.geometry().right() < narrow.width()
        assert list(_cut(panel.widget())) == [], name
    bar = narrow.pages.tabBar()
    assert all(bar.rect().contains(bar.tabRect(index)) for index in range(bar.count()))
    assert all(bar.tabText(index) for index in range(bar.count()))
