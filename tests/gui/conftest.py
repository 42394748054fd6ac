"""Every test of the window: offscreen, a home of its own, and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import psutil
import pytest

pytest.importorskip("PySide6.QtWidgets")
if sys.platform == "linux":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from slora_core import qthread
from slora_gui import app, theme
from slora_gui.settings import Settings

sys.path.append(str(Path(__file__).parent))
from window_fakes import Answers


@pytest.fixture(autouse=True, scope="module")
def _what_stays():
    """What imports and earlier tests have made and keep: each look for leaks below need not go through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """An empty SLORA_HOME, where history and settings of the test are."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SLORA_HOME", str(folder))
    return folder


@pytest.fixture(params=["light", "dark"])
def each_theme(request, qapp):
    """The application in each theme, and without one again afterwards."""
    chosen = theme.load_theme(request.param)
    theme.apply(qapp, chosen)
    yield chosen
    qapp.setStyleSheet("")


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp, qtbot, home):
    """No engine thread, recorder, child process, running timer or top-level window outlives its test."""
    yield
    _settle()
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    assert left == [], f"windows left open: {left}"
    assert not qthread._running, "engine threads left running"
    assert QThreadPool.globalInstance().waitForDone(10_000)
    slora = [thread.name for thread in threading.enumerate() if thread.name.startswith("slora")]
    assert slora == [], f"threads left running: {slora}"
    assert psutil.Process().children() == [], "processes left running"
    timers = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer) and _active(thing)]
    assert timers == [], "timers left running"


def _settle():
    """Carry out every deleteLater, those of Qt and those that Python's cycles held back."""
    for _ in range(2):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
        gc.collect()


def _active(timer):
    try:
        return timer.isActive()
    except RuntimeError:  # its C++ half is gone
        return False


@pytest.fixture
def make_window(qapp):
    """Makes the window around an engine; it is closed at the end, whatever runs."""
    made = []

    def make(engine=None, settings=None, **answers):
        dialogs = Answers(**{"stop_running": True, **answers})
        settings = settings or Settings(language="en", theme="light")
        window = app.create_window(settings, engine=engine, dialogs=dialogs)
        made.append(window)
        return window, app.controller_of(window)

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    qapp.setStyleSheet("")
