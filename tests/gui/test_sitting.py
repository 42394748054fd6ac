"""The whole sitting of a researcher in the window, with engines in processes of their own."""

from __future__ import annotations

from functools import partial

import numpy as np
import psutil
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from safetensors.numpy import save_file

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.records.history import History
from slora_core.statistics.state_info import FORMAT
from slora_gui import app
from slora_gui.settings import load

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_KEY = Qt.KeyboardModifier.NoModifier
WAIT_MS = 120_000
DEMO = RunConfig().merged(
    {"source": {"tasks": 1}, "operators": {"names": ["linear"]}, "run": {"threads": 1, "sample_hz": 20}}
)
SMALL = {"kind": "synthetic", "pairs": 400, "dim": 16, "classes": 2}


@pytest.fixture
def every_move():
    """Every mouse move counts, however fast they follow each other."""
    limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", limit)


def _shown(make_window, qtbot, **keywords):
    window, controller = make_window(partial(isolate.stream, engine="short_demo:execute"), **keywords)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    return window, controller


def _told(window):
    return window.messages.message.text if window.messages.message else ""


def _wait_for_end(controller, qtbot):
    qtbot.waitUntil(lambda: not controller.runs.running and not controller.background.busy, timeout=WAIT_MS)


def _forecast(controller, qtbot):
    """The forecast on show, once it is that of the job."""
    panel, job = controller.views.forecast, controller.models.job
    qtbot.waitUntil(lambda: panel._forecast is not None and panel._forecast.config == job.config)
    return panel._forecast


def _drop(window, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, LEFT, NO_KEY))


def _mouse(port, kind, point, button=NO_BUTTON, buttons=NO_BUTTON, *, keys=NO_KEY):
    local = QPointF(point)
    QApplication.sendEvent(port, QMouseEvent(kind, local, port.mapToGlobal(local), button, buttons, keys))
    QApplication.processEvents()


def _drag(port, points, keys=NO_KEY):
    _mouse(port, QEvent.Type.MouseMove, points[0])
    _mouse(port, QEvent.Type.MouseButtonPress, points[0], LEFT, LEFT, keys=keys)
    for point in points[1:]:
        _mouse(port, QEvent.Type.MouseMove, point, NO_BUTTON, LEFT, keys=keys)
    _mouse(port, QEvent.Type.MouseButtonRelease, points[-1], LEFT, NO_BUTTON, keys=keys)


def _pixel(panel, t_s, value):
    return panel.plot.mapFromScene(panel.view.mapViewToScene(QPointF(t_s, value)))


def _write_features(path):
    draw = np.random.default_rng(0)
    before = draw.standard_normal((3000, 32), dtype=np.float32)
    np.savez(path, features_before=before, features_after=before + 0.1)
    return path


def _write_state(path):
    arrays = {
        "class_ids": np.arange(4, dtype=np.int64),
        "count": np.full(4, 100, dtype=np.int64),
        "mean": np.random.default_rng(1).standard_normal((4, 32), dtype=np.float32),
        "cov": np.repeat(np.eye(32, dtype=np.float32)[None], 4, axis=0),
    }
    save_file(arrays, path, metadata={"format": FORMAT, "version": "1"})
    return path


def _run_the_demo(window, controller, qtbot):
    assert window.page == "welcome"
    controller.perform("demo")
    qtbot.waitUntil(lambda: controller.run is not None and len(controller.run.samples) > 3, timeout=WAIT_MS)
    assert window.page == "live"
    live = controller.views.live
    live.refresh()
    assert "allocated_bytes" in live.plot.device.shown_counters
    assert window.actions_by_id["cancel"].isEnabled()
    _wait_for_end(controller, qtbot)
    run = controller.run
    assert run.status == "finished", _told(window)
    assert {row.task for row in run.accuracies} == {1}
    live.refresh()
    assert live.plot.device.peaks.peaks
    assert controller.views.results.plot.lines()


def _open_files_and_set_the_budget(window, controller, qtbot, folder):
    _drop(window, _write_features(folder / "features.npz"))
    _drop(window, _write_state(folder / "classes.safetensors"))
    job = controller.models.job
    facts = job.source_facts
    assert (facts.pairs, facts.dim) == (3000, 32)
    job.change({"operators": {"names": ["linear", "attention"]}, "run": {"threads": 1}}, "Choose operators")
    free = _forecast(controller, qtbot)
    assert free.plan.predicted_peak_bytes > free.smallest_bytes
    window.show_page("live")
    plot = controller.views.live.plot
    job.change({"memory": {"budget": 2 * free.plan.predicted_peak_bytes}}, "Set budget")
    plot.reset_view()
    start = _pixel(plot.device, plot.time_span_s / 2, job.config.memory.budget)
    end = _pixel(plot.device, plot.time_span_s / 2, 0)
    before, steps = job.config.memory.budget, job.undo_stack.count()
    _drag(plot.device.plot.viewport(), [start, (start + end) / 2, end])
    assert job.config.memory.budget < before
    assert job.undo_stack.count() == steps + 1  # a drag is one step
    tight = _forecast(controller, qtbot)
    assert not tight.plan.feasible
    assert tight.plan.binding_stage in controller.views.forecast.headline.text()
    assert not controller.views.job.run_button.isEnabled()
    controller.perform("undo")
    assert job.config.memory.budget == before


def _choose_a_policy(window, controller, qtbot):
    job = controller.models.job
    smallest = _forecast(controller, qtbot).smallest_bytes
    job.change({"memory": {"budget": int(1.05 * smallest), "policy": "planned"}}, "Set policy")
    forecast = _forecast(controller, qtbot)
    assert forecast.plan.feasible
    controller.views.forecast.plan_button.click()
    assert window.docks["plan"].isVisible()
    assert controller.views.plan.table.model().rowCount() == len(forecast.rows) > 2


def _run_and_cancel(window, controller, qtbot):
    controller.models.job.change({"operators": {"attention": {"samples": 200_000}}}, "Take longer")
    smallest = _forecast(controller, qtbot).smallest_bytes
    controller.models.job.change({"memory": {"budget": int(1.05 * smallest)}}, "Set budget")
    _forecast(controller, qtbot)
    controller.views.job.run_button.click()
    run = controller.run
    qtbot.waitUntil(lambda: len(run.notices) > 0 and len(run.samples) > 20, timeout=WAIT_MS)
    assert run.progress is not None
    assert {"budget-near"} <= {notice.kind for notice in run.notices}
    assert controller.views.notices.cards
    live = controller.views.live
    live.tools.buttons["pause"].click()
    live.refresh()
    drawn, plot, span_s = len(run.samples), live.plot, live.plot.time_span_s
    port = plot.device.plot.viewport()
    _mouse(port, QEvent.Type.MouseMove, _pixel(plot.device, 0.3 * run.now_s, 0))
    assert live.readout.moment.text().startswith("At ")
    points = [_pixel(plot.host, share * run.now_s, 1) for share in (0.2, 0.4, 0.6)]
    _drag(plot.host.plot.viewport(), points, Qt.KeyboardModifier.ShiftModifier)
    assert live.region.table.model().rowCount() >= 2
    qtbot.waitUntil(lambda: len(run.samples) > drawn, timeout=WAIT_MS)  # the capture goes on
    live.refresh()
    assert plot.time_span_s == span_s
    live.progress.cancel.click()
    assert live.progress.status.text() == "Cancelling..."
    _wait_for_end(controller, qtbot)
    assert run.status == "cancelled"


def _compare_engines(window, controller, qtbot):
    job = RunConfig().merged({"source": SMALL, "operators": {"names": ["linear"]}, "run": {"threads": 1}})
    controller.models.job.replace(job, "A small job")
    controller.perform("compare-engines")
    _wait_for_end(controller, qtbot)
    assert window.page == "compare", _told(window)
    page = controller.views.compare
    assert [series.label for series in page.plot.series] == ["baseline", "optimised"]
    page.mode.setCurrentIndex(1)
    assert page.plot._mode == "stage"
    shown = page.tables["overall"].model()
    cells = [str(shown.index(row, 3).data()) for row in range(shown.rowCount())]
    assert any(cell.startswith(("+", "−")) for cell in cells)
    assert controller.views.results.deviations.model().rowCount() == 1


def _export_everything(window, controller, qtbot, answers, folder):
    firsts = {
        "export-png": b"\x89PNG",
        "export-svg": b"<?xml",
        "export-plot-csv": b"\xef\xbb\xbf",
        "save-config": b"[source]",
        "export-snippet": b"",
        "export-report": b"%PDF",
    }
    for action, first in firsts.items():
        answers["save_file"] = folder / action
        controller.perform(action)
        qtbot.waitUntil(lambda: not controller.background.busy, timeout=WAIT_MS)
        written = (folder / action).read_bytes()
        assert written.startswith(first)
        assert written
    assert RunConfig.from_toml(folder / "save-config") == controller.models.job.config
    compile((folder / "export-snippet").read_text(), "snippet", "exec")
    answers["folder"] = folder / "tables"
    controller.perform("export-csv")
    qtbot.waitUntil(lambda: not controller.background.busy, timeout=WAIT_MS)
    assert (folder / "tables" / "comparison.csv").exists()


def _come_back(window, controller, qtbot, make_window):
    window.show_dock("history")
    window.close()
    settings, problem = load()
    assert problem == ""
    window, controller = _shown(make_window, qtbot, settings=settings, note="seen again")
    assert window.docks["history"].isVisible()
    assert controller.models.job.config.source.kind == "synthetic"
    history = controller.models.history
    qtbot.waitUntil(lambda: history.rowCount() == 4)
    assert sorted(history.header(row).status for row in range(4)) == ["cancelled", *["finished"] * 3]
    controller.views.history.open_requested.emit(history.header(0).path)
    qtbot.waitUntil(lambda: controller.run is not None)
    controller.perform("note")
    assert history.header(0).note == "seen again"
    return window, controller


def _speak_chinese_in_the_dark(window, controller, qtbot):
    bright = window.palette().window().color().lightness()
    controller.perform("language-zh_CN")
    controller.perform("theme-dark")
    qtbot.waitUntil(lambda: window.pages.tabText(0) == "欢迎")
    assert window.palette().window().color().lightness() < bright / 2
    assert controller.views.job.run_button.text() == "运行"
    assert load()[0].version == 1


@pytest.mark.timeout(600)
def test_the_whole_sitting(make_window, qtbot, tmp_path, monkeypatch, every_move):
    monkeypatch.setattr("slora_gui.controller.demo_config", lambda job: DEMO)
    window, controller = _shown(make_window, qtbot)
    controller.settings.toured = True
    _run_the_demo(window, controller, qtbot)
    _open_files_and_set_the_budget(window, controller, qtbot, tmp_path)
    _choose_a_policy(window, controller, qtbot)
    _run_and_cancel(window, controller, qtbot)
    _compare_engines(window, controller, qtbot)
    _export_everything(window, controller, qtbot, controller.dialogs._answers, tmp_path)
    window, controller = _come_back(window, controller, qtbot, make_window)
    _speak_chinese_in_the_dark(window, controller, qtbot)
    assert app.controller_of(window) is controller


@pytest.mark.timeout(300)
def test_a_killed_engine_leaves_the_window_and_what_was_measured(make_window, qtbot):
    window, controller = _shown(make_window, qtbot)
    source = {**SMALL, "pairs": 3000, "dim": 32}
    operators = {"names": ["attention"], "attention": {"samples": 200_000}}
    job = RunConfig().merged({"source": source, "operators": operators, "run": {"threads": 1}})
    controller.models.job.replace(job, "A long job")
    controller.perform("run")
    run = controller.run
    qtbot.waitUntil(lambda: len(run.samples) > 5, timeout=WAIT_MS)
    for process in psutil.Process().children():
        process.kill()
    _wait_for_end(controller, qtbot)
    assert run.status == "failed"
    assert "kept" in _told(window)
    assert "SIGKILL" in _told(window)
    kept = History().list_runs()
    assert [found.status for found in kept] == ["failed"]
    controller.open_files([kept[0].path])
    qtbot.waitUntil(lambda: controller.run is not run)
    assert len(controller.run.samples) == len(run.samples) > 5
    assert window.actions_by_id["run"].isEnabled()
