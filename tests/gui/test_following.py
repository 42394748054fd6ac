"""A run file that another process writes, and what a notice's buttons do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from window_fakes import MIB, beginning

from slora_core.events import Notice, RunCancelledEvent, RunFinished, StagePeaks

WRITER = """
import sys
from slora_core.events import MemorySample, RunFinished, RunStarted, StagePeaks
from slora_core.records.recorder import RunRecorder
recorder = RunRecorder(sys.argv[1])
recorder.write(RunStarted(0.0, "r1", "2026-01-01T00:00:00+00:00", "optimised", {}, {}, None, None))
def write(first):
    for step in range(first, first + 3):
        recorder.write(MemorySample(step / 10, "scan", 2**20 * (step + 1), None, None, None, None, 2**20, 2**20))
for first in (0, 3):
    write(first)
    print("written", flush=True)
    sys.stdin.readline()
recorder.write(RunFinished(1.0, 1.0, StagePeaks(6 * 2**20, None, None), {}, {}, {}, None))
recorder.close()
"""


@pytest.fixture
def writer(tmp_path):
    """A process that records a run step by step, a line of its input a step."""
    path = tmp_path / "other.slora"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield path, process
    process.kill()
    process.communicate()


def step(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_run_of_another_process_is_followed_to_its_end(make_window, qtbot, writer):
    path, process = writer
    _, controller = make_window()
    assert process.stdout.readline() == "written\n"
    controller.open_files([path])
    qtbot.waitUntil(lambda: controller.run is not None)
    panel = controller.views.live.progress
    assert controller.run.following
    assert panel.status.text() == "Following a run of another process"
    assert panel.cancel.isHidden()
    qtbot.waitUntil(lambda: len(controller.run.samples) == 3)
    step(process)
    assert process.stdout.readline() == "written\n"
    qtbot.waitUntil(lambda: len(controller.run.samples) == 6)
    assert "so far" in panel.left.text()
    step(process)
    qtbot.waitUntil(lambda: not controller.run.following)
    assert panel.status.text() == "Finished after 1 s"
    assert controller.run.peaks.allocated_bytes == 6 * MIB


def test_a_writer_that_dies_leaves_an_interrupted_run(make_window, qtbot, writer):
    path, process = writer
    _, controller = make_window()
    assert process.stdout.readline() == "written\n"
    controller.open_files([path])
    qtbot.waitUntil(lambda: controller.run is not None)
    qtbot.waitUntil(lambda: len(controller.run.samples) == 3)
    process.kill()
    process.wait()
    qtbot.waitUntil(lambda: not controller.run.following)
    assert controller.run.status == "interrupted"
    assert "Interrupted" in controller.views.live.progress.status.text()
    assert len(controller.run.samples) == 3


def crossing(config, cancel):
    """A run that comes near its budget."""
    yield from beginning(config)
    data = {"used_bytes": 30 * MIB, "budget_bytes": 32 * MIB}
    yield Notice(0.4, "budget-near", "memory is at 94 % of the budget", "scan", data)
    yield RunFinished(40.0, 40.0, StagePeaks(30 * MIB, None, None), {}, {}, {}, True)


def test_a_notice_is_shown_raises_the_budget_and_plans_anew(make_window, qtbot):
    window, controller = make_window(crossing)
    window.show()
    job = controller.models.job
    job.change({"memory": {"budget": "32MiB", "policy": "fixed"}}, "Set budget")
    controller.perform("run")
    qtbot.waitUntil(lambda: not controller.busy)
    (card,) = controller.views.notices.cards
    window.show_page("compare")
    card.buttons["show"].click()
    page = controller.views.live
    assert window.page == "live"
    assert page.plot.region.span_s == (0.0, 2.4)
    assert not page.region.table.isHidden()
    assert ", 1 sample. " in page.region.line.text()
    card.buttons["raise_budget"].click()
    assert job.config.memory.budget == 40 * MIB
    card.buttons["replan"].click()
    assert job.config.memory.policy == "planned"
    assert not window.docks["plan"].isHidden()
    controller.perform("undo")
    controller.perform("undo")
    assert (job.config.memory.budget, job.config.memory.policy) == (32 * MIB, "fixed")


def test_an_open_list_of_devices_stays_while_the_cards_are_watched(make_window):
    _, controller = make_window()
    picker = controller.views.job.device
    picker.set_cards(["A card"])
    assert picker.itemText(0) == "Automatic: cuda:0 · A card"
    item = picker.model().item(0)
    picker.set_cards(["A card"])
    assert picker.model().item(0) is item
    picker.set_cards([])
    assert picker.itemText(0) == "Automatic: CPU"


def test_a_cancelled_study_or_run_frees_the_job(make_window, qtbot):
    def cancelled(config, cancel):
        yield from beginning(config)
        yield RunCancelledEvent(0.5, "scan")

    _, controller = make_window(cancelled)
    controller.models.job.change({"source": {"kind": "synthetic"}}, "Small")
    qtbot.waitUntil(controller.views.job.run_button.isEnabled)
    controller.perform("run")
    assert not controller.views.job.run_button.isEnabled()
    assert not controller.views.ablation.study.start.isEnabled()
    qtbot.waitUntil(lambda: not controller.busy)
    assert controller.views.job.run_button.isEnabled()
    assert controller.views.ablation.study.start.isEnabled()
