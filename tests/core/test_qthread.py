"""The thread of signals: every event once and in order, real children, cancel, failure, and safe ends."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import psutil
import pytest

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.events import (
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StagePeaks,
    StudyFinished,
    TrialFinished,
)

pytest.importorskip("PySide6.QtCore")
if sys.platform == "linux" and "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

from PySide6.QtCore import QObject, QThread, Slot  # noqa: E402

from slora_core import qthread  # noqa: E402
from slora_core.qthread import EngineThread  # noqa: E402

ENGINES = Path(__file__).parent / "engines"
ROOT = Path(__file__).parents[2]
RESULT = RunFinished(9.0, 9.0, StagePeaks(), {}, {}, {}, None)


class Receiver(QObject):
    """Collects what arrives, and the thread in which it arrives."""

    def __init__(self, thread):
        super().__init__()
        self.events, self.by_kind, self.threads, self.finished = [], [], set(), False
        thread.finished.connect(self.finish)
        thread.event.connect(self.see)
        for signal in (thread.memory, thread.progress, thread.succeeded, thread.failed, thread.cancelled):
            signal.connect(self.see_kind)

    @Slot(object)
    def see(self, event):
        self.events.append(event)
        self.threads.add(QThread.currentThread())

    @Slot(object)
    def see_kind(self, event):
        self.by_kind.append(event)

    @Slot()
    def finish(self):
        self.finished = True


@pytest.fixture(autouse=True)
def _nothing_left_behind(qtbot, monkeypatch):
    monkeypatch.syspath_prepend(str(ENGINES))
    yield
    qtbot.waitUntil(lambda: not qthread._running)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("slora")] == []
    assert psutil.Process().children() == []


def _config(samples=0):
    return RunConfig.from_dict({"run": {"seed": samples}})


def _isolated(engine, samples=0, grace_s=30.0):
    return partial(_stream, engine, _config(samples), grace_s)


def _stream(engine, config, grace_s, cancel):
    return isolate.stream(config, cancel, engine=f"fake_engines:{engine}", grace_s=grace_s)


def _run_to_the_end(qtbot, thread):
    receiver = Receiver(thread)
    thread.start()
    qtbot.waitUntil(lambda: receiver.finished)
    return receiver


def test_a_real_run_arrives_event_by_event_in_the_receiving_thread(qtbot):
    receiver = _run_to_the_end(qtbot, EngineThread(stream=_isolated("finish", samples=30)))
    assert isinstance(receiver.events[0], RunStarted)
    assert isinstance(receiver.events[-1], RunFinished)
    kinds = (MemorySample, Progress, RunFinished)
    assert receiver.by_kind == [event for event in receiver.events if isinstance(event, kinds)]
    assert [e.allocated_bytes for e in receiver.events if isinstance(e, MemorySample)] == [
        *range(5_000_000_000, 5_000_000_030)
    ]
    assert receiver.threads == {QThread.currentThread()}


@pytest.mark.parametrize("isolated", [True, False])
def test_the_engine_itself_runs_in_a_child_or_here(qtbot, isolated):
    config = RunConfig.from_dict(
        {
            "source": {"kind": "synthetic", "pairs": 200, "dim": 8, "classes": 2},
            "operators": {"names": ["linear"]},
            "run": {"threads": 1},
        }
    )
    receiver = _run_to_the_end(qtbot, EngineThread(config, isolated))
    assert isinstance(receiver.events[0], RunStarted)
    assert receiver.events[0].config == config.to_dict()
    assert isinstance(receiver.events[-1], RunFinished), receiver.events[-1]


def test_ten_thousand_events_arrive_in_order(qtbot):
    events = [Progress(0.0, "scan", index, 10_000, "row") for index in range(10_000)]
    receiver = _run_to_the_end(qtbot, EngineThread(stream=lambda cancel: iter([*events, RESULT])))
    assert receiver.events == [*events, RESULT]
    assert receiver.by_kind == receiver.events


def test_a_study_ends_as_a_run_does(qtbot):
    done = StudyFinished(2.0, "ablation", 2.0, 1, "study.jsonl", {"effects": []})
    trial = TrialFinished(1.0, "ablation", "all on", 1, 1, {"peak_bytes": 2**40})
    receiver = _run_to_the_end(qtbot, EngineThread(stream=lambda cancel: iter([trial, done])))
    assert receiver.events == [trial, done]
    assert receiver.by_kind == [done]


def test_a_killed_engine_arrives_as_failed(qtbot):
    receiver = _run_to_the_end(qtbot, EngineThread(stream=_isolated("kill_itself", samples=3)))
    assert isinstance(receiver.by_kind[-1], RunFailed)
    assert "SIGKILL" in receiver.by_kind[-1].what
    assert sum(isinstance(event, MemorySample) for event in receiver.by_kind) == 3


@pytest.mark.parametrize(("engine", "grace_s"), [("obey_cancel", 30.0), ("ignore_cancel", 0.05)])
def test_cancel_ends_the_run_whether_or_not_it_listens(qtbot, engine, grace_s):
    thread = EngineThread(stream=_isolated(engine, grace_s=grace_s))
    receiver = Receiver(thread)
    thread.start()
    qtbot.waitUntil(lambda: receiver.events != [])
    thread.cancel()
    qtbot.waitUntil(thread.isFinished)
    qtbot.waitUntil(lambda: isinstance(receiver.events[-1], RunCancelledEvent))
    assert sum(isinstance(event, RunCancelledEvent) for event in receiver.by_kind) == 1


def _fail(cancel):
    yield Progress(0.0, "scan", 0, 1, "row")
    raise ZeroDivisionError("in the stream")


def test_an_error_in_the_stream_arrives_as_failed_and_not_in_the_excepthook(qtbot):
    receiver = _run_to_the_end(qtbot, EngineThread(stream=_fail))
    assert "ZeroDivisionError: in the stream" in receiver.by_kind[-1].what
    assert len(receiver.events) == 2


def test_a_stream_without_a_result_arrives_as_failed(qtbot):
    receiver = _run_to_the_end(qtbot, EngineThread(stream=lambda cancel: iter(())))
    assert [type(event) for event in receiver.by_kind] == [RunFailed]


def test_it_needs_something_to_run():
    with pytest.raises(TypeError, match="config or a stream"):
        EngineThread()


def test_a_run_outlives_the_last_reference_to_its_thread(qtbot):
    go = threading.Event()

    def stream(cancel):
        go.wait()
        yield RESULT

    thread = EngineThread(stream=stream)
    receiver = Receiver(thread)
    thread.start()
    del thread
    gc.collect()
    go.set()
    qtbot.waitUntil(lambda: receiver.events == [RESULT])


def _until_cancelled(cancel):
    while not cancel.cancelled:
        threading.Event().wait(0.001)
    yield RunCancelledEvent(1.0, "")


def test_deleting_a_running_thread_ends_its_run_first(qtbot):
    thread = EngineThread(stream=_until_cancelled)
    thread.start()
    with qtbot.waitSignal(thread.destroyed):
        thread.deleteLater()


def test_destroying_the_parent_ends_the_run_first(qtbot):
    parent = QObject()
    thread = EngineThread(stream=_until_cancelled, parent=parent)
    thread.start()
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()
    assert thread.isFinished()


LEAVING = """
import sys, threading
from PySide6.QtCore import QCoreApplication
from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.qthread import EngineThread

app = QCoreApplication([])
stream = lambda cancel: isolate.stream(RunConfig(), cancel, engine="fake_engines:" + sys.argv[1], grace_s=0.05)
thread = EngineThread(stream=stream)
thread.start()
if sys.argv[2] == "quit":
    thread.event.connect(app.quit)
    app.exec()
"""


@pytest.mark.parametrize("how", ["quit", "fall off the end"])
def test_leaving_the_program_in_mid_run_ends_the_run(how):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ENGINES}"}
    command = [sys.executable, "-c", LEAVING, "ignore_cancel", how]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_pyside_the_import_says_what_to_install():
    script = "import sys; sys.modules['PySide6'] = None; import slora_core.qthread"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "pip install 'slora[gui]'" in done.stderr
