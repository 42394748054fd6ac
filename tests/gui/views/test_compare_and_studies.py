"""Compare, ablation and tuner pages."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QSignalSpy

from slora_core.events import StageFinished, StagePeaks, StageStarted
from slora_core.studies.ablation.effects import Effect
from slora_core.studies.ablation.measures import ALL_ON, MEASURES, case_title, steps
from slora_core.studies.tuning.results import StageTrial
from slora_gui.model.comparison_model import ComparisonModel
from slora_gui.model.forecasting import FrontierPoint
from slora_gui.model.run_model import RunModel
from slora_gui.model.study_tables import TrialsTable
from slora_gui.views import cells
from slora_gui.views.ablation_page import AblationPage, measured_savings
from slora_gui.views.case_texts import case_text
from slora_gui.views.compare_page import ComparePage
from slora_gui.views.setting_texts import measure_text
from slora_gui.views.tuner_page import TunerPage

from .conftest import MIB, finished, sample, started


def ended_run(title, peak, seconds):
    model = RunModel(title)
    model.feed(started())
    model.feed(StageStarted(0.1, "linear.fit", ""))
    model.feed(sample(0.2, peak // 2))
    model.feed(StageFinished(seconds, "linear.fit", seconds - 0.1, StagePeaks(peak, None, 70 * MIB), 0))
    model.feed(finished(seconds))
    return model


@pytest.fixture
def comparison(qapp):
    model = ComparisonModel()
    model.add(ended_run("baseline", 40 * MIB, 8.0))
    model.add(ended_run("optimised", 4 * MIB, 2.0))
    return model


@pytest.fixture
def page(comparison, qtbot):
    page = ComparePage(comparison)
    qtbot.addWidget(page)
    return page


def column_texts(table, row):
    model = table.model()
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_metrics_have_signed_differences_and_ratios_against_the_base(page, comparison):
    table = page.tables["operator"].model()
    names = [table.index(row, 0).data() for row in range(table.rowCount())]
    assert column_texts(page.tables["operator"], names.index("linear: time"))[1:] == [
        "7.9 s",
        "1.9 s",
        "−6 s",
        "0.241×",
    ]
    comparison.set_base(1)
    names = [table.index(row, 0).data() for row in range(table.rowCount())]
    assert column_texts(page.tables["operator"], names.index("linear: time"))[1:4] == ["1.9 s", "7.9 s", "+6 s"]
    assert page.runs.item(1).text() == "optimised (base)"
    assert not page.tabs.isTabVisible(3)


def test_one_run_alone_says_what_is_missing(page, comparison):
    assert page._line.isHidden()
    comparison.remove(1)
    assert not page._line.isHidden()
    assert page.tabs.isHidden()
    assert not page.report_button.isEnabled()
    comparison.clear()
    assert page.runs.count() == 0


def test_intents_of_the_compare_page(page):
    base, removed, both, exported = (
        QSignalSpy(signal)
        for signal in (page.base_requested, page.remove_requested, page.run_both_requested, page.export_requested)
    )
    assert not page.buttons["base"].isEnabled()
    page.runs.setCurrentRow(1)
    page.buttons["base"].click()
    page.buttons["remove"].click()
    page.both_button.click()
    page.report_button.click()
    assert (base.at(0)[0], removed.at(0)[0], both.count(), exported.at(0)[0]) == (1, 1, 1, "report")


def test_curves_by_stage_and_by_counter_and_as_a_table(page):
    page.mode.setCurrentIndex(page.mode.findData("stage"))
    page.counter.setCurrentIndex(page.counter.findData("rss_bytes"))
    page.tools.buttons["table"].click()
    assert page.upper.currentWidget() is page.plot_table
    assert page.plot_table.model().rowCount() > 0


class Ablation:
    def __init__(self, **savings):
        self.savings = savings

    def view(self, name):
        expected = {"tiled_attention": (0.1, 0.15)}
        factor = {"off alone": 1.0, "on alone": 0.5, "cumulated": 0.25}[name]
        return [
            Effect(
                name,
                measure,
                "middle",
                expected.get(measure),
                peak_without_bytes=100 * MIB,
                peak_with_bytes=10 * MIB,
                saving=None if saving is None else saving * factor,
            )
            for measure, saving in self.savings.items()
        ]


def test_the_ablation_shows_expected_beside_measured(qtbot):
    page = AblationPage()
    qtbot.addWidget(page)
    assert [page.tabs.isTabVisible(index) for index in range(4)] == [True, False, False, False]
    assert column_texts(page.tables["overview"], 0)[1:] == ["30–40 %", "–", "–", "–"]
    assert page.tables["overview"].model().rowCount() == 9
    ablation = Ablation(tiled_attention=0.8, weak_chunks=None)
    page.show_ablation(ablation)
    overview = page.tables["overview"]
    assert column_texts(overview, 0) == ["Tiled attention", "10–15 %", "80.0 %", "40.0 %", "20.0 %"]
    assert column_texts(overview, 1)[1:] == ["–", *["not available"] * 3]  # the plan states nothing of it
    assert column_texts(page.tables["off alone"], 0)[3:5] == ["100 MiB", "10 MiB"]
    assert column_texts(page.tables["off alone"], 1)[1] == "–", "nothing is missing in the other tables either"
    assert measured_savings(ablation) == {"tiled_attention": 0.8}


def test_percentages_have_the_minus_of_all_other_figures():
    assert [str(cells.Percent(-6.806)), str(cells.SignedPercent(-0.5)), str(cells.SignedPercent(0.5))] == [
        "−680.6 %",
        "−50.0 %",
        "+50.0 %",
    ]


@pytest.mark.parametrize("case", [step.case_without for step in steps()] + [ALL_ON])
def test_a_case_is_called_in_the_window_what_it_is_called_elsewhere(qapp, case):
    """As in the engine's own words, with the titles of the measures in place of the names of their switches."""
    told = case_title(case)
    for measure in MEASURES:
        told = told.replace(measure.name, measure_text(measure.name)[0])
    assert case_text(case).replace("measures ", "").casefold() == told.replace("measures ", "").casefold()


def test_a_study_starts_resumes_and_cancels(qtbot):
    page = AblationPage()
    qtbot.addWidget(page)
    begun, resumed, cancelled = (
        QSignalSpy(signal) for signal in (page.start_requested, page.resume_requested, page.cancel_requested)
    )
    page.repeats.setValue(5)
    page.study.start.click()
    page.study.set_running(True)
    page.study.set_progress(3, 60, 125.0)
    assert page.study.line.text() == "3 of 60 runs · about 2 min 05 s left"
    assert not page.repeats.isEnabled()
    page.study.cancel.click()
    assert not page.study.cancel.isEnabled()
    page.study.set_running(False)
    page.study.set_resumable(3)
    page.study.resume.click()
    assert (begun.at(0)[0], resumed.at(0)[0], cancelled.count()) == (5, 5, 1)


POINTS = [FrontierPoint(MIB << i, 16.0 / (1 << i), f"plan {i}", i == 1) for i in range(4)]


def test_a_point_is_applied_by_a_click_by_enter_and_by_the_button(qtbot):
    page = TunerPage()
    qtbot.addWidget(page)
    assert not page.apply_button.isEnabled()
    spy = QSignalSpy(page.apply_requested)
    page.show_points(POINTS, chosen=2)
    assert "plan 2" in page.chosen_line.text()
    page.plot.point_activated.emit(POINTS[1])
    page.points_table.row_activated.emit(3)
    page.points_table.selectRow(0)
    page.apply_button.click()
    assert [spy.at(index)[0] for index in range(spy.count())] == [POINTS[1], POINTS[3], POINTS[0]]


def test_points_and_trials_as_tables(qtbot):
    page = TunerPage()
    qtbot.addWidget(page)
    page.show_points(POINTS)
    assert column_texts(page.points_table, 1) == ["2 MiB", "8", "plan 1", "yes"]
    assert page.trials.isHidden()
    trials = TrialsTable()
    page.show_trials(trials)
    trials.set_rows([StageTrial("attention.move", "tiles, chunk 512", 1.5, None, 9 * MIB, True, "")])
    assert not page.trials.isHidden()
    spy = QSignalSpy(page.start_requested)
    page.trials_box.setValue(7)
    page.study.start.click()
    assert spy.at(0) == [7, 5]
