"""The forecast and the plan: verdict in words, figures, bars, table."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QToolTip

from slora_gui import theme
from slora_gui.i18n import languages_of
from slora_gui.model.stage_texts import stage_text
from slora_gui.views.forecast_panel import ForecastPanel
from slora_gui.views.plan_table import PlanTable
from slora_gui.views.stage_bars import ROW_HEIGHT, verdict_of

from .conftest import show

EVERY_OPERATOR = ["linear", "weaknonlinear", "attention", "rff"]


@pytest.fixture
def panel(what_if, qtbot):
    panel = ForecastPanel(what_if)
    qtbot.addWidget(panel)
    panel.resize(640, 400)
    return panel


def test_before_any_forecast_there_is_a_sentence_and_no_empty_figures(panel):
    assert "Choose a source" in panel.headline.text()
    assert panel.figures.isHidden()


def test_a_plan_that_fits(panel, job, what_if):
    job.change({"memory": {"budget": "64MiB"}}, "ample")
    what_if.answer(job)
    assert panel.headline.text() == "✓ Fits within 64\u00a0MiB."
    assert panel.headline.property("role") == "good"
    assert panel.set_button.isHidden()
    assert panel.figures.values["baseline"].text() != "not available"


def test_one_that_does_not_names_the_stage_and_offers_the_smallest_budget(panel, job, what_if):
    job.change({"memory": {"budget": "64KiB"}}, "too small")
    what_if.answer(job)
    spy = QSignalSpy(panel.budget_requested)
    assert "too small" in panel.headline.text()
    panel.set_button.click()
    smallest = spy.at(0)[0]
    job.change({"memory": {"budget": smallest}}, "as offered")
    what_if.answer(job)
    assert panel.headline.property("role") == "good"
    job.change({"memory": {"budget": smallest - 1}}, "one byte less")
    what_if.answer(job)
    assert panel.headline.property("role") == "danger"


def test_a_source_that_is_not_whole_and_the_baseline(panel, job, what_if):
    job.change({"source": {"kind": "files"}}, "no files")
    what_if.answer(job)
    assert "feature file" in panel.headline.text()
    assert panel.bars.isHidden()
    job.undo_stack.undo()
    job.change({"run": {"engine": "baseline"}}, "baseline")
    what_if.answer(job)
    assert "makes no plan" in panel.headline.text()


def test_bars_are_told_apart_by_colour_and_by_word(panel, job, what_if):
    chosen = theme.load_theme("light")
    panel.set_theme(chosen)
    job.change({"memory": {"budget": "64KiB"}}, "too small")
    what_if.answer(job)
    rows = panel.bars._rows
    verdicts = {verdict_of(row) for row in rows}
    assert "infeasible" in verdicts
    for word in ("too big" if v == "infeasible" else v for v in verdicts):
        assert word in panel.bars.accessibleDescription()
    show(panel)
    image = panel.bars.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert QColor(chosen.colors["danger"]).name() in colours


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_stages_of_the_demo_can_be_read_in_a_narrow_panel(panel, job, what_if, each_theme, language):
    job.change({"source": {"kind": "demo", "tasks": 3}, "operators": {"names": EVERY_OPERATOR}}, "demo")
    what_if.answer(job)
    panel.resize(320, 500)
    show(panel)
    languages_of(QApplication.instance()).use(language)
    try:
        names, shown = panel.bars.names(), [stage_text(name) for name in ("task2", "weaknonlinear.move")]
        assert all(text in names for text in shown)
        assert not [name for name in names if "…" in name]
        assert len(names) == len(panel.bars._rows) + 3, "one line a stage and one a task"
    finally:
        languages_of(QApplication.instance()).use("en")


def test_a_stage_under_its_task_says_its_numbers_when_pointed_at(panel, job, what_if, qtbot):
    job.change({"source": {"kind": "demo", "tasks": 2}}, "demo")
    what_if.answer(job)
    show(panel)
    line = panel.bars.names().index("attention.move")
    point = QPoint(4, line * ROW_HEIGHT + ROW_HEIGHT // 2)
    QApplication.sendEvent(panel.bars, QHelpEvent(QEvent.Type.ToolTip, point, panel.bars.mapToGlobal(point)))
    assert QToolTip.text().startswith("task2.attention.move: ")
    QToolTip.hideText()


def test_the_plan_table_has_a_row_a_stage(job, what_if, qtbot):
    view = PlanTable(what_if)
    qtbot.addWidget(view)
    assert view.table.isHidden()
    what_if.answer(job)
    assert view.table.model().rowCount() == 7
    job.change({"source": {"kind": "files"}}, "no files")
    what_if.answer(job)
    assert view.table.isHidden()
    assert "feature file" in view.line.text()
