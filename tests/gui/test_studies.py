"""Ablation and tuner in the window: real studies on a tiny job."""

from __future__ import annotations

import csv
import tomllib
from functools import partial

import pytest
from PySide6.QtTest import QSignalSpy

from slora_core import pipeline
from slora_core.config import RunConfig
from slora_core.events import RunFailed
from slora_core.records.deviation import deviations
from slora_core.studies import whole_run
from slora_core.studies.study_file import list_studies
from slora_core.studies.tuning import study as tuning

TINY = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 150, "dim": 8, "classes": 2},
        "operators": {"names": "linear,attention", "attention": {"samples": 200, "top_k": 10}},
        "run": {"sample_hz": 0, "device": "cpu", "threads": 1},
    }
)


def told(window):
    return window.messages.message.text if window.messages.message else ""


@pytest.fixture
def tiny_window(make_window):
    def make(**answers):
        window, controller = make_window(**answers)
        controller.models.job.replace(TINY, "A tiny job")
        return window, controller

    return make


@pytest.fixture
def here(monkeypatch):
    """Whole runs of studies in this process, by the real engine; one may fail, or be the last before a cancel."""
    stop = {}
    done = []

    def stream(config, cancel, **_):
        done.append(config)
        if len(done) == stop.get("after"):
            cancel.cancel()
        if len(done) == stop.get("failing"):
            return iter([RunFailed(0.0, "engine-died", "the engine was killed", "", 4)])
        return pipeline.stream(config, cancel)

    monkeypatch.setattr(whole_run.isolate, "stream", stream)
    return stop


def wait(controller, qtbot):
    qtbot.waitUntil(lambda: not controller.busy and not controller.background.busy)


def test_an_ablation_is_cancelled_resumed_shown_and_exported(tiny_window, here, qtbot, tmp_path):
    window, controller = tiny_window(save_file=tmp_path / "ablation.csv")
    page = controller.views.ablation
    window.show_page("ablation")
    here |= {"failing": 3, "after": 5}
    said = QSignalSpy(controller.studies.ablation.told)
    page.repeats.setValue(1)
    page.study.start.click()
    assert controller.busy
    assert not controller.views.job.run_button.isEnabled()
    wait(controller, qtbot)
    assert "can be resumed" in told(window)
    assert said.at(0)[0].text == "Progressive release alone off: the engine was killed"
    assert page.study.line.text() == "3 runs are already measured"
    here.clear()
    page.study.resume.click()
    wait(controller, qtbot)
    assert "26 runs" in told(window)
    assert [study.finished is not None for study in list_studies("ablation")] == [True]
    measured = controller.views.job.measures._measured
    assert len(measured) == 9
    line = controller.views.job.measures._effects["progressive_release"].text()
    assert f"measured {100 * measured['progressive_release']:.1f} %" in line
    page.csv_button.click()
    with (tmp_path / "ablation.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 27
    assert {row["measure"] for row in rows} == set(measured)
    saved = next(row for row in rows if row["view"] == "off alone" and row["measure"] == "progressive_release")
    assert float(saved["saving"]) == measured["progressive_release"]
    report = window.actions_by_id["export-report"]
    assert report.isEnabled()
    controller.dialogs._answers["save_file"] = tmp_path / "ablation.pdf"
    report.trigger()
    wait(controller, qtbot)
    assert (tmp_path / "ablation.pdf").read_bytes().startswith(b"%PDF")
    window.show_page("welcome")
    assert not report.isEnabled()
    window.show_page("ablation")
    controller.models.job.change({"source": {"dim": 9}}, "Another job")
    controller.studies.look()
    wait(controller, qtbot)
    assert controller.views.job.measures._measured == {}
    controller.perform("undo")
    controller.studies.look()
    wait(controller, qtbot)
    assert controller.views.job.measures._measured == measured


def test_a_study_that_cannot_run_says_why(tiny_window, qtbot):
    window, controller = tiny_window()
    controller.models.job.change({"run": {"engine": "baseline"}}, "Baseline")
    controller.views.ablation.study.start.click()
    wait(controller, qtbot)
    assert "optimised engine" in told(window)
    assert not controller.views.ablation.study.start.isHidden()


def test_a_tuning_measures_plans_that_are_applied_and_exported(tiny_window, qtbot, tmp_path):
    window, controller = tiny_window(save_file=tmp_path / "out")
    job, page, policy = controller.models.job, controller.views.tuner, controller.views.job.policy
    controller.job_desk.plan_anew()
    assert not policy.buttons["tuned"].isEnabled()
    assert "Tuner" in policy._lines["tuned"].text()
    controller.studies.tuner.stream = partial(tuning.stream, repeats=0)
    window.show_page("tuner")
    qtbot.waitUntil(lambda: len(page._points) > 0)
    assert not any(point.measured for point in page._points)
    page.trials_box.setValue(12)
    page.minutes_box.setValue(1)
    page.study.start.click()
    wait(controller, qtbot)
    assert "finished" in told(window)
    assert page.trials.model().rowCount() > 0
    assert page._points
    assert all(point.measured for point in page._points)
    assert policy.buttons["tuned"].isEnabled()
    point = page._points[0]
    page.plot.point_activated.emit(point)
    assert (job.config.memory.budget, job.config.memory.policy) == (point.budget_bytes, "tuned")
    assert page.chosen == point
    page.toml_button.click()
    exported = tomllib.loads((tmp_path / "out").read_text())
    assert RunConfig.from_dict(exported).memory == job.config.memory
    page.snippet_button.click()
    compile((tmp_path / "out").read_text(), "snippet", "exec")
    controller.perform("undo")
    assert job.config == TINY
    wait(controller, qtbot)
    assert all(point.measured for point in page._points)


def test_a_study_ends_with_its_window(tiny_window, qtbot):
    window, controller = tiny_window(stop_running=True)
    window.show()
    controller.views.ablation.study.start.click()
    assert controller.busy
    assert window.close()
    assert controller.dialogs.asked == ["stop_running"]


def test_the_moved_state_is_compared_with_a_chosen_one(tiny_window, qtbot, tmp_path):
    base = tmp_path / "base.safetensors"
    window, controller = tiny_window(engine=pipeline.stream, open_file=base)
    results = []
    for name, gamma in (("base", 0.1), ("other", 0.5)):
        changes = {"output": {"state": str(tmp_path / f"{name}.safetensors")}}
        changes["operators"] = {"linear": {"gamma": gamma}}
        controller.models.job.change(changes, "Next")
        controller.perform("run")
        wait(controller, qtbot)
        results.append(controller.run.status)
    assert results == ["finished", "finished"], told(window)
    view = controller.views.results
    assert not view.deviation_button.isHidden()
    view.deviation_button.click()
    wait(controller, qtbot)
    expected = deviations(base, tmp_path / "other.safetensors")
    assert [found.variant for found in view._deviations[0]] == [found.variant for found in expected]
    assert view._deviations == (expected, "base.safetensors")
    assert view.deviations.model().rowCount() == len(expected)
    controller.dialogs._answers["open_file"] = tmp_path / "missing.safetensors"
    view.deviation_button.click()
    wait(controller, qtbot)
    assert "missing.safetensors" in told(window)


def test_both_engines_are_compared_in_their_statistics_too(tiny_window, qtbot):
    window, controller = tiny_window(engine=pipeline.stream)
    controller.perform("compare-engines")
    wait(controller, qtbot)
    assert window.page == "compare", told(window)
    view = controller.views.results
    found, _ = view._deviations
    assert view._lines["deviations"].text() == "Relative Frobenius deviation from the baseline"
    assert {row.variant for row in found} >= {"linear", "attention"}
    assert all(row.covariance < 1e-3 for row in found)
    assert "differ by" in told(window)
    window.messages.button.click()
    assert not window.docks["results"].isHidden()
    assert view.deviation_button.isHidden()  # the states were for this comparison alone
