"""Views of a run: live page, progress, read-out, region, notices and results."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest

from slora_core.events import Notice, Progress, RunCancelledEvent, RunFailed
from slora_core.records.deviation import Deviation
from slora_gui.model.run_model import RunModel
from slora_gui.plots.statistics import Readout
from slora_gui.views.live_page import LivePage
from slora_gui.views.notices_view import NoticesView
from slora_gui.views.results_view import ResultsView

from .conftest import MIB, finished, sample, show, started, tasks


@pytest.fixture
def page(run, job, qtbot):
    page = LivePage(run, job)
    qtbot.addWidget(page)
    page.resize(900, 640)
    return page


def test_progress_names_the_stage_and_tells_the_time_left_once_it_is_known(page, run):
    bar = page.progress
    assert bar.stage.text() == "attention.move: 1 of 4 classes"
    assert "40 %" in bar.left.text()
    assert "left" not in bar.left.text()
    run.feed(Progress(2.0, "attention.move", 2, 4, "classes", 0.6, 90.4))
    assert "about 1 min 30 s left" in bar.left.text()
    assert (bar.whole_bar.value(), bar.stage_bar.value()) == (600, 500)


def test_the_bar_of_a_stage_moves_with_the_classes_under_way(page, run, qtbot):
    bar = page.progress
    run.feed(Progress(2.0, "attention.move", 0, 4, "classes", 0.5, None, under_way=1.0))
    qtbot.waitUntil(lambda: bar.stage_bar.value() == 250)
    assert bar.stage.text() == "attention.move: 0 of 4 classes"


def test_the_time_so_far_goes_on_while_a_stage_tells_nothing(page, run, qtbot):
    bar = page.progress
    assert "1.4 s so far" in bar.left.text()
    run.feed(sample(7.5, 6 * MIB, stage="attention.move"))
    run.feed(sample(8.0, 6 * MIB, stage="attention.move"))
    qtbot.waitUntil(lambda: "8 s so far" in bar.left.text())


def test_cancel_is_answered_before_the_engine_has_heard(page, run):
    spy = QSignalSpy(page.cancel_requested)
    page.progress.cancel.click()
    assert spy.count() == 1
    assert page.progress.status.text() == "Cancelling..."
    assert not page.progress.cancel.isEnabled()
    run.feed(RunCancelledEvent(2.5, "attention.move"))
    assert page.progress.status.text() == "Cancelled after 2.5 s"
    assert page.progress.cancel.isHidden()


def test_a_failed_run_says_what_happened(page, run):
    run.feed(RunFailed(3.0, "engine-died", "the engine was killed", "run it again", 4))
    assert page.progress.status.text() == "Failed after 3 s"
    assert page.progress.stage.text() == "The engine was killed"
    assert page.progress.status.property("role") == "danger"


@pytest.mark.parametrize(("within", "word"), [(True, "kept"), (False, "passed")])
def test_a_finished_run_says_whether_its_budget_was_kept(page, run, within, word):
    run.feed(finished(within=within))
    assert page.progress.left.text() == f"budget 16 MiB, {word}"


def test_a_budget_that_does_not_bind_the_whole_run_is_said_to_be_kept_where_it_binds(page, run):
    run.feed(dataclasses.replace(finished(within=True), bound_peak_bytes=2 * MIB))
    assert page.progress.left.text() == "budget 16 MiB, kept where it binds"


def test_the_read_out_shows_the_latest_sample_and_the_peaks_by_counter(page, run):
    readout = page.readout
    assert readout.values["allocated_bytes"].text() == "6 MiB"
    assert readout.peaks["allocated_bytes"].text() == "7 MiB"
    assert readout._peak_label.text() == "Peak so far"
    assert readout.values["reserved_bytes"].isHidden()
    run.feed(sample(1.5, 3 * MIB))
    page.refresh()
    assert readout.values["allocated_bytes"].text() == "3 MiB"
    page.plot.hovered.emit(Readout(0.8, "linear.fit", {"allocated_bytes": 5 * MIB, "rss_bytes": None}))
    assert readout.moment.text() == "At 0.8 s, linear.fit"
    assert readout.values["allocated_bytes"].text() == "5 MiB"
    assert readout.values["rss_bytes"].text() == "not available"
    page.plot.hovered.emit(None)
    assert readout.values["allocated_bytes"].text() == "3 MiB"


def test_stages_grow_with_the_run_and_keep_the_selection(page, run):
    page.stages.selectRow(0)
    run.feed(finished())
    assert page.stages.model().rowCount() == 2
    assert page.stages.selected_rows() == [0]


def test_the_budget_line_and_the_job_follow_each_other(page, job):
    page.plot.budget_dragged.emit(12 * MIB)
    page.plot.budget_dragged.emit(10 * MIB)
    page.plot.budget_released.emit(10 * MIB)
    assert job.config.memory.budget == 10 * MIB
    job.undo_stack.undo()
    assert job.config.memory.budget is None
    job.change({"memory": {"budget": 8 * MIB}}, "by the box")
    assert page.plot.budget.budget_bytes == 8 * MIB


def test_a_run_that_goes_on_is_held_against_the_line_on_show(page, run, job):
    before = len(run.notices)
    used = 3 * MIB
    job.change({"memory": {"budget": 2 * used}}, "budget")
    run.feed(sample(3.0, allocated=used))
    assert len(run.notices) == before
    job.change({"memory": {"budget": used // 2}}, "budget")
    run.feed(sample(3.1, allocated=used))
    assert [notice.kind for notice in run.notices[before:]] == ["budget-crossed"]


def test_a_pause_is_of_the_view_and_a_new_run_ends_it(page, run):
    spy = QSignalSpy(page.pause_toggled)
    page.tools.buttons["pause"].click()
    assert spy.at(0)[0] is True
    assert page.tools.buttons["pause"].text() == "Resume"
    run.feed(sample(1.6, 2 * MIB))
    assert len(run.samples) == 4
    page.set_run(RunModel("other"))
    assert page.tools.buttons["pause"].text() == "Pause"


def test_a_region_is_described_curve_by_curve(page):
    show(page)
    page.plot.region.show(0.55, 0.9)
    table = page.region.table.model()
    assert page.tabs.currentWidget() is page.region
    row = next(row for row in range(table.rowCount()) if table.index(row, 0).data() == "Allocated")
    assert [table.index(row, column).data() for column in range(1, 5)] == ["2 MiB", "5 MiB", "3.5 MiB", "+3 MiB"]
    assert "2 samples" in page.region.line.text()


def test_a_moment_is_shown_with_its_surroundings(page):
    show(page)
    page.show_moment(0.7)
    start_s, end_s = page.plot.region.span_s
    assert start_s <= 0.7 <= end_s
    assert page.tabs.currentWidget() is page.region


def test_the_data_of_the_plot_is_a_table_beside_it(page):
    show(page)
    page.tools.buttons["table"].click()
    assert page.upper.currentWidget() is page.samples
    assert page.samples.model().rowCount() == 3


def test_exports_are_asked_for_by_kind(page):
    spy = QSignalSpy(page.export_requested)
    for action in page.tools.buttons["export"].menu().actions():
        action.trigger()
    assert [spy.at(index)[0] for index in range(spy.count())] == ["png", "svg", "csv", "clipboard"]


def test_notices_are_newest_first_and_offer_what_can_be_done(run, qtbot):
    view = NoticesView(run)
    qtbot.addWidget(view)
    shown, raised, replanned = (
        QSignalSpy(signal) for signal in (view.show_requested, view.raise_budget_requested, view.replan_requested)
    )
    run.feed(Notice(2.0, "jitter", "class 3 needed a jitter of 1e-06", "attention.move", {"class": 3}))
    near, jitter = view.cards
    assert view._list.itemAt(0).widget() is jitter
    assert list(jitter.buttons) == ["show"]
    for button in near.buttons.values():
        button.click()
    assert [spy.at(0)[0] for spy in (shown, raised, replanned)] == [run.notices[0]] * 3
    view.set_run(RunModel("other"))
    assert view.cards == []
    assert not view._empty.isHidden()


def test_thousands_of_notices_show_the_latest(qapp, qtbot):
    model = RunModel("many")
    for number in range(700):
        model.feed(Notice(float(number), "retry", f"retry {number}"))
    view = NoticesView(model)
    qtbot.addWidget(view)
    assert len(view.cards) == 500
    model.feed(Notice(700.0, "retry", "retry 700"))
    assert view.cards[-1].message.text() == "retry 700"
    assert len(view.cards) == 501


def test_accuracies_appear_as_tasks_finish(qapp, qtbot):
    model = RunModel("digits")
    view = ResultsView(model)
    qtbot.addWidget(view)
    assert view.accuracies.isHidden()
    assert "No accuracies yet" in view._lines["accuracies"].text()
    model.feed(started())
    for event in tasks((0.9, 0.95), (0.7, 0.93)):
        model.feed(event)
    table = view.accuracies.model()
    cells = [[table.index(row, column).data() for column in range(3)] for row in range(2)]
    assert cells == [["SeqFT (no compensation)", "70.0 %", "70.0 %"], ["SeqFT + linear", "93.0 %", "93.0 %"]]
    view.classifier.setCurrentIndex(1)
    model.feed(finished())
    assert view.classifier.currentData() == "ncm"
    assert view.plot.lines()["SeqFT"] == ([1, 2], [0.9, 0.7])


def test_deviation_and_jitter(qapp, qtbot):
    model = RunModel("digits")
    view = ResultsView(model)
    qtbot.addWidget(view)
    assert view.deviation_button.isHidden()
    model.feed(started())
    model.feed(finished(outputs={"state": "/moved.safetensors"}, jitter={"attention": {"3": 1e-6}}))
    spy = QSignalSpy(view.deviation_requested)
    view.deviation_button.click()
    assert spy.count() == 1
    view.show_deviations([Deviation("attention", 10, 1e-7, 2e-7, 3e-7, 4, 5e-7, 6)], "the float64 oracle")
    assert "the float64 oracle" in view._lines["deviations"].text()
    assert view.deviations.model().index(0, 2).data() == "1.0e-07"
    assert [view.jitter.model().index(0, column).data() for column in range(3)] == ["attention", "3", "1e-06"]


def test_the_table_is_copied_as_text(page, qapp):
    page.stages.selectRow(1)
    QTest.keyClick(page.stages, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = qapp.clipboard().text().splitlines()
    assert len(lines) == 2
    assert lines[0].split("\t")[0] == "stage"
    assert lines[1].split("\t")[0] == "attention.move"
