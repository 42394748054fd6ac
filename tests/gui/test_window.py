"""The window as a whole, around an engine without a process: what a person does, and what becomes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from window_fakes import Waiting, failing, finishing

from slora_core.config import RunConfig
from slora_core.records.history import History
from slora_gui import app
from slora_gui.actions import ACTIONS
from slora_gui.main_window import DOCKS, PAGES
from slora_gui.model import device_profiles
from slora_gui.settings import Settings, load
from slora_gui.shell.error_dialog import ErrorDialog

ROOT = Path(__file__).parents[2]


def _run(controller, qtbot, action="run"):
    controller.perform(action)
    qtbot.waitUntil(lambda: not controller.runs.running and not controller.background.busy)


def _told(window):
    return window.messages.message.text if window.messages.message else ""


def _write_features(path):
    rng = np.random.default_rng(0)
    before = rng.normal(size=(40, 4)).astype(np.float32)
    np.savez(path, features_before=before, features_after=before + 1)
    return path


def test_every_action_does_something(make_window):
    _, controller = make_window()
    assert set(controller._actions) == {spec.id for spec in ACTIONS}


def test_a_run_is_shown_told_and_recorded(make_window, qtbot):
    window, controller = make_window(finishing)
    window.resize(1280, 800)
    _run(controller, qtbot)
    assert window.page == "live"
    assert controller.run.status == "finished"
    assert "finished in 1 s, peak 30 MiB" in _told(window)
    assert [run.status for run in History().list_runs()] == ["finished"]
    assert controller.models.history.rowCount() == 1
    assert window.docks["results"].isHidden()  # it would hide the page: the message offers it
    assert window.messages.button.text() == "Show results"
    window.messages.button.click()
    assert not window.docks["results"].isHidden()
    assert window.messages.message is None


def test_results_come_to_sight_where_there_is_height(make_window, qtbot):
    window, controller = make_window(finishing)
    window.resize(1280, 1200)
    _run(controller, qtbot)
    assert not window.docks["results"].isHidden()
    assert window.messages.button.isHidden()


def test_before_a_run_the_device_panel_says_what_it_will_measure(make_window, monkeypatch):
    card = device_profiles.CudaCard(0, "Card A", 80 * 2**30)
    monkeypatch.setattr(device_profiles, "cuda_cards", lambda: (card,))
    _, controller = make_window(settings=Settings(language="en", theme="light", job='[run]\ndevice = "cpu"\n'))
    header, job = controller.views.live.plot.device.header, controller.models.job
    assert "on the CPU" in header.title
    job.change({"run": {"device": "cuda"}}, "Device")
    assert header.title == "Compute device"
    job.undo_stack.undo()
    assert "on the CPU" in header.title


def test_cancel_is_answered_and_keeps_what_was_measured(make_window, qtbot):
    window, controller = make_window(Waiting())
    controller.perform("run")
    qtbot.waitUntil(lambda: controller.run is not None and len(controller.run.samples) == 1)
    assert window.actions_by_id["cancel"].isEnabled()
    assert not window.actions_by_id["run"].isEnabled()
    controller.views.live.cancel_requested.emit()
    qtbot.waitUntil(lambda: not controller.runs.running)
    assert controller.run.status == "cancelled"
    assert "kept" in _told(window)
    assert window.actions_by_id["run"].isEnabled()


def test_a_killed_engine_is_told_with_details_and_its_samples_stay(make_window, qtbot):
    window, controller = make_window(failing)
    _run(controller, qtbot)
    assert _told(window).startswith("The engine process was killed. Free memory. ")
    assert "kept" in _told(window)
    assert len(controller.run.samples) == 1
    window.messages.button.click()
    (found,) = window.findChildren(ErrorDialog)
    assert found.problem.details == "trace of the end"
    found.close()


def test_both_engines_run_in_turn_and_are_compared(make_window, qtbot, monkeypatch):
    monkeypatch.setattr("slora_gui.control.batches.deviations", lambda *states: ())
    window, controller = make_window(finishing)
    _run(controller, qtbot, "compare-engines")
    assert window.page == "compare"
    assert [run.engine for run in controller.models.comparison.runs] == ["baseline", "optimised"]
    assert len(History().list_runs()) == 2


def test_a_failed_baseline_ends_the_batch(make_window, qtbot):
    window, controller = make_window(failing)
    _run(controller, qtbot, "compare-engines")
    assert window.page == "live"
    assert len(History().list_runs()) == 1


def test_a_dropped_feature_file_goes_into_the_job_and_can_be_undone(make_window, qtbot, tmp_path):
    window, controller = make_window()
    path = _write_features(tmp_path / "pairs.npz")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    job = controller.models.job
    assert (job.config.source.kind, job.config.source.features) == ("files", str(path))
    assert "pairs.npz" in _told(window)
    assert controller.settings.recent == [str(path)]
    controller.perform("undo")
    assert job.config.source.kind == "demo"
    assert window.actions_by_id["redo"].isEnabled()


def test_a_replaced_file_is_seen_when_the_window_comes_to_the_front_or_runs_it(make_window, qtbot, tmp_path, qapp):
    _, controller = make_window(finishing)
    path = _write_features(tmp_path / "pairs.npz")
    controller.open_files([path])
    line = controller.views.job.source.pages["files"].files["features"].line
    assert "N = 40" in line.text()
    path.write_bytes(b"")
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert not controller.background.busy
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    qtbot.waitUntil(lambda: "empty" in line.text())
    _write_features(path)
    _run(controller, qtbot)
    assert "N = 40" in line.text()


def test_a_file_that_cannot_be_read_says_why(make_window, qtbot, tmp_path):
    window, controller = make_window()
    broken = tmp_path / "broken.slora"
    broken.write_text("not a run")
    controller.open_files([broken])
    qtbot.waitUntil(lambda: "broken.slora" in _told(window))
    controller.open_files([tmp_path / "missing.npz"])
    assert "missing.npz" in _told(window)
    np.savez(tmp_path / "odd.npz", weights=np.zeros(3))
    controller.open_files([tmp_path / "odd.npz"])
    assert "'weights'" in _told(window)
    assert controller.settings.recent == []


def test_a_job_that_cannot_run_is_started_neither_by_button_nor_by_menu_nor_by_key(make_window, qtbot):
    window, controller = make_window()
    started = [window.actions_by_id[name] for name in ("run", "compare-engines")]
    job = controller.models.job
    job.change({"source": {"kind": "synthetic"}, "memory": {"budget": "64KiB"}}, "too small")
    qtbot.waitUntil(lambda: not controller.views.job.run_button.isEnabled())
    assert [action.isEnabled() for action in started] == [False, False]
    job.change({"memory": {"budget": None}}, "as much as it takes")
    qtbot.waitUntil(controller.views.job.run_button.isEnabled)
    assert [action.isEnabled() for action in started] == [True, True]


def test_files_that_are_opened_together_are_all_told(make_window, qtbot, tmp_path):
    window, controller = make_window(finishing)
    good, other = _write_features(tmp_path / "pairs.npz"), tmp_path / "notes.txt"
    empty, broken = tmp_path / "empty.npz", tmp_path / "broken.slora"
    other.write_text("no features")
    empty.write_bytes(b"")
    broken.write_text("not a run")
    controller.open_files([other, good, empty])
    lines = _told(window).split("\n")
    assert ["notes.txt" in lines[0], "empty.npz" in lines[1]] == [True, True]
    assert all(line[0].isupper() for line in lines)
    assert controller.models.job.config.source.features == str(good)
    controller.open_files([broken, other])
    qtbot.waitUntil(lambda: "broken.slora" in _told(window))
    assert "notes.txt" in _told(window)
    _run(controller, qtbot)
    controller.open_files([other, controller.run.path])
    qtbot.waitUntil(lambda: not controller.background.busy)
    assert controller.run.status == "finished"
    assert "notes.txt" in _told(window), "the run that could be opened does not hide the file that could not"


def test_pairs_and_state_that_are_dropped_together_are_both_named(make_window, tmp_path):
    window, controller = make_window()
    config = tmp_path / "job.toml"
    config.write_text("[run]\nseed = 7\n")
    controller.open_files([config, _write_features(tmp_path / "pairs.npz")])
    assert "job.toml" in _told(window)
    assert "pairs.npz" in _told(window)
    assert controller.models.job.config.run.seed == 7
    controller.open_files([config])
    assert "pairs.npz" not in _told(window)


def test_a_recorded_run_is_opened_again(make_window, qtbot):
    _, controller = make_window(finishing)
    _run(controller, qtbot)
    path = History().list_runs()[0].path
    live = controller.run
    controller.open_files([path])
    qtbot.waitUntil(lambda: controller.run is not live)
    assert (controller.run.status, controller.run.path) == ("finished", path)
    assert controller.settings.recent == [str(path)]


def test_exports_are_written_and_told(make_window, qtbot, tmp_path):
    window, controller = make_window(finishing, save_file=tmp_path / "out", folder=tmp_path / "tables")
    _run(controller, qtbot)
    for action in ("export-png", "export-svg", "export-plot-csv", "save-config", "export-snippet"):
        controller.perform(action)
        assert "out" in _told(window)
        assert (tmp_path / "out").stat().st_size > 0
    assert "slora_core" in (tmp_path / "out").read_text()
    controller.perform("export-csv")
    qtbot.waitUntil(lambda: not controller.background.busy)
    assert (tmp_path / "tables" / "samples.csv").exists()
    controller.perform("export-report")
    qtbot.waitUntil(lambda: not controller.background.busy)
    assert (tmp_path / "out").read_bytes().startswith(b"%PDF")
    controller.perform("copy-command")
    assert QGuiApplication.clipboard().text().startswith("slora run")


def test_an_export_that_cannot_be_written_leaves_nothing_behind(make_window, qtbot, tmp_path):
    window, controller = make_window(finishing, save_file=tmp_path / "missing" / "plot.png")
    _run(controller, qtbot)
    controller.perform("export-png")
    assert "cannot be written" in _told(window)
    assert list(tmp_path.rglob("*plot*")) == []


def test_language_and_theme_change_in_place(make_window, qtbot):
    window, controller = make_window()
    before = window.palette().window().color()
    controller.perform("language-zh_CN")
    qtbot.waitUntil(lambda: window.pages.tabText(0) == "欢迎")
    assert window.docks["job"].windowTitle() == "作业"
    assert window.actions_by_id["run"].text() == "运行"
    controller.perform("theme-dark")
    assert window.palette().window().color() != before
    controller.perform("language-en")
    qtbot.waitUntil(lambda: window.pages.tabText(0) == "Welcome")


def test_what_is_wrong_with_a_job_is_told_in_the_language_that_is_spoken_now(make_window, qtbot, tmp_path):
    _, controller = make_window()
    missing = str(tmp_path / "no.npz")
    headline, job = controller.views.forecast.headline, controller.models.job
    job.change({"source": {"kind": "files", "features": missing, "state": missing}}, "Files that are not there")
    qtbot.waitUntil(lambda: headline.text() == f"Feature file {missing!r}: does not exist")
    controller.perform("language-zh_CN")
    qtbot.waitUntil(lambda: headline.text() == f"特征文件 {missing!r} 不存在")
    assert job.source_facts.problems["state"] == f"类状态 {missing!r} 不存在"
    job.change({"source": {"features": None}}, "No file")
    qtbot.waitUntil(lambda: headline.text() == "来源不完整：文件运行需要特征文件和类状态")
    controller.perform("language-en")
    qtbot.waitUntil(lambda: "needs a feature file and a class state" in headline.text())


def test_runs_are_called_in_the_language_that_is_spoken_now(make_window, qtbot, monkeypatch):
    window, controller = make_window(finishing)
    monkeypatch.setattr("slora_gui.control.batches.deviations", lambda *states: ())
    _run(controller, qtbot, "compare-engines")
    comparison = controller.models.comparison
    english = [run.title for run in comparison.runs], window.windowTitle(), comparison.comparison.labels
    assert english[0] == ["demo, baseline", "demo, optimised"]
    controller.perform("language-zh_CN")
    qtbot.waitUntil(lambda: window.pages.tabText(0) == "欢迎")
    chinese = ["演示，基线", "演示，优化"]
    assert [run.title for run in comparison.runs] == chinese
    assert window.windowTitle() == chinese[1]
    assert list(comparison.comparison.labels) == ["基线", "优化"]
    controller.perform("language-en")
    qtbot.waitUntil(lambda: window.pages.tabText(0) == "Welcome")
    assert ([run.title for run in comparison.runs], window.windowTitle(), comparison.comparison.labels) == english


def test_layout_job_and_choices_are_there_after_a_restart(make_window, qtbot):
    window, controller = make_window(finishing)
    window.show()
    controller.perform("theme-dark")
    controller.models.job.change({"memory": {"budget": "1GiB"}}, "Set budget")
    window.show_dock("history")
    window.docks["notices"].hide()
    window.close()
    settings, problem = load()
    assert problem == ""
    window, controller = make_window(finishing, settings=settings)
    window.show()
    assert controller.models.job.config.memory.budget == 2**30
    assert not controller.models.job.undo_stack.canUndo()
    assert window.docks["history"].isVisible()
    assert window.docks["notices"].isHidden()
    assert window.actions_by_id["theme-dark"].isChecked()
    controller.perform("reset-layout")
    assert window.docks["history"].isHidden()
    assert not window.docks["notices"].isHidden()


def test_a_job_that_cannot_be_read_any_more_is_told_and_replaced(make_window):
    window, controller = make_window(settings=Settings(language="en", job='[memory]\nbudgett = "1GiB"\n'))
    assert "budgett" in _told(window)
    assert controller.models.job.config == RunConfig()


@pytest.mark.parametrize("stop", [True, False])
def test_closing_in_mid_run_asks_first(make_window, qtbot, stop):
    window, controller = make_window(Waiting(), stop_running=stop)
    window.show()
    controller.perform("run")
    qtbot.waitUntil(lambda: controller.run is not None and len(controller.run.samples) == 1)
    assert window.close() is stop
    assert controller.runs.running is not stop
    assert controller.dialogs.asked == ["stop_running"]
    if not stop:
        controller.runs.cancel()
        qtbot.waitUntil(lambda: not controller.runs.running)
    assert History().list_runs()[0].status == "cancelled"


def test_notes_and_deletions_share_the_undo_stack(make_window, qtbot):
    _, controller = make_window(finishing, note="第一次运行")
    _run(controller, qtbot)
    controller.perform("note")
    assert controller.models.history.header(0).note == "第一次运行"
    controller.views.history.delete_requested.emit([0])
    assert controller.models.history.rowCount() == 0
    controller.perform("undo")
    controller.perform("undo")
    assert controller.models.history.header(0).note == ""


def test_the_tour_goes_through_five_parts_and_ends(make_window, qtbot):
    window, controller = make_window()
    window.show()
    tour = controller.help.tour()
    pages = []
    for _ in range(5):
        pages.append(window.page)
        assert tour.rect().contains(tour.card.geometry())
        tour.next_button.click()
    assert tour.isHidden()
    assert pages[2:4] == ["live", "compare"]
    assert not window.docks["history"].isHidden()
    assert controller.settings.toured


def test_pages_and_panels_can_all_be_reached(make_window):
    window, controller = make_window()
    for page in PAGES:
        controller.perform(f"page-{page}")
        assert window.page == page
    toggles = [action.text() for action in window.actions_by_id.menu("View/Panels").actions()]
    assert len(toggles) == len(DOCKS)


START = """
import sys
from slora_gui import app
qt = app.make_application()
window = app._frame(app.load_settings()[0])
print([name for name in ("numpy", "pydantic_core", "pyqtgraph", "torch") if name in sys.modules])
window = app.create_window()
window.show()
qt.processEvents()
print([name for name in ("torch",) if name in sys.modules])
window.close()
"""


def test_the_window_loads_no_torch_and_paints_before_it_loads_numpy(home):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['pydantic_core']", "[]"]
    assert done.stderr == ""


def test_a_real_run_from_its_own_process(make_window, qtbot):
    window, controller = make_window()
    source = {"kind": "synthetic", "pairs": 300, "dim": 8, "classes": 2}
    changes = {"source": source, "operators": {"names": ["linear"]}, "run": {"threads": 1}}
    controller.models.job.replace(RunConfig().merged(changes), "A small job")
    controller.perform("run")
    qtbot.waitUntil(lambda: not controller.runs.running)
    assert controller.run.status == "finished", _told(window)
    assert controller.run.peaks.allocated_bytes > 0
    assert app.controller_of(window) is controller
