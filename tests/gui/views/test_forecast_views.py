"""The forecast and the plan: verdict in words, figures, bars, table."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtTest import QSignalSpy

from slora_gui import theme
from slora_gui.views.forecast_panel import ForecastPanel
from slora_gui.views.plan_table import PlanTable
from slora_gui.views.stage_bars import verdict_of

from .conftest import show


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
    assert panel.headline.text() == "✓ Fits within 64 MiB."
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
