"""A run in a thread: order, one final event, early close, Ctrl-C and the end of the interpreter."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from slora_core.cancel import CancelToken
from slora_core.errors import BudgetRefused, RunCancelled
from slora_core.events import (
    Notice,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    StageFinished,
    StagePeaks,
    StageStarted,
)
from slora_core.streams.streaming import stream_in_thread

ROOT = Path(__file__).parents[2]
RESULT = RunFinished(9.0, 9.0, StagePeaks(), {}, {}, {}, None)


def note(text):
    return Notice(0.0, "retry", text)


def test_events_arrive_while_the_run_is_still_working():
    seen = threading.Event()

    def execute(emit, cancel):
        emit(note("first"))
        assert seen.wait(60)
        emit(RESULT)

    stream = stream_in_thread(execute, CancelToken())
    assert next(stream) == note("first")
    seen.set()
    assert list(stream) == [RESULT]


def test_emit_may_be_called_from_many_threads_at_once():
    def execute(emit, cancel):
        def work(who):
            for index in range(500):
                emit(Progress(0.0, who, index, 500, "row"))

        threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        emit(RESULT)

    *events, last = stream_in_thread(execute, CancelToken())
    assert last is RESULT
    assert {who: [e.done for e in events if e.stage == who] for who in "0123"} == {w: [*range(500)] for w in "0123"}


def test_nothing_follows_the_final_event():
    def execute(emit, cancel):
        emit(RESULT)
        emit(note("late sample"))
        raise RuntimeError("after the end")

    assert list(stream_in_thread(execute, CancelToken())) == [RESULT]


def test_an_unexpected_error_becomes_a_failure_with_its_traceback():
    def execute(emit, cancel):
        emit(note("before"))
        raise ZeroDivisionError("in the middle")

    _, failed = stream_in_thread(execute, CancelToken())
    assert isinstance(failed, RunFailed)
    assert (failed.kind, failed.exit_code) == ("internal", 4)
    assert "ZeroDivisionError: in the middle" in failed.what
    assert "test_streaming.py" in failed.details


def test_an_engine_error_keeps_its_words_and_exit_code():
    def execute(emit, cancel):
        raise BudgetRefused("the budget cannot hold it", stage="scan", budget_bytes=1, smallest_bytes=2)

    (failed,) = stream_in_thread(execute, CancelToken())
    assert isinstance(failed, RunFailed)
    assert (failed.kind, failed.what, failed.exit_code) == ("budget-refused", "the budget cannot hold it", 3)
    assert "at least 2 bytes" in failed.remedy


def test_a_run_without_a_result_is_a_failure():
    (failed,) = stream_in_thread(lambda emit, cancel: None, CancelToken())
    assert isinstance(failed, RunFailed)
    assert "without a result" in failed.what


def test_a_raised_cancellation_ends_as_cancelled():
    def execute(emit, cancel):
        raise RunCancelled

    (last,) = stream_in_thread(execute, CancelToken())
    assert isinstance(last, RunCancelledEvent)


def test_a_cancellation_tells_the_stage_it_cut_on_the_clock_of_the_run():
    def execute(emit, cancel):
        emit(StageStarted(500.0, "task1", ""))
        emit(StageStarted(501.0, "task1.scan", "task1"))
        emit(StageFinished(502.0, "task1.scan", 1.0, StagePeaks(), None, completed=False))
        emit(StageStarted(503.0, "task1.move", "task1"))
        emit(StageFinished(504.0, "task1.move", 1.0, StagePeaks(), None, completed=False))
        emit(StageFinished(505.0, "task1", 5.0, StagePeaks(), None, completed=False))
        raise RunCancelled

    *_, last = stream_in_thread(execute, CancelToken())
    assert isinstance(last, RunCancelledEvent)
    assert last.stage == "task1.move"
    assert 505.0 <= last.t_s < 1000.0


def test_an_exit_raised_in_the_run_is_a_failure_too():
    def execute(emit, cancel):
        raise SystemExit(7)

    (last,) = stream_in_thread(execute, CancelToken())
    assert isinstance(last, RunFailed)


def test_closing_early_cancels_the_run_and_waits_for_its_end():
    ended = []

    def execute(emit, cancel):
        emit(note("one"))
        while not cancel.cancelled:
            threading.Event().wait(0.001)
        ended.append(threading.current_thread())

    cancel = CancelToken()
    stream = stream_in_thread(execute, cancel)
    next(stream)
    stream.close()
    assert cancel.cancelled
    assert [thread.is_alive() for thread in ended] == [False]


INTERRUPTED = """
import os, signal, sys, threading
from slora_core.cancel import CancelToken
from slora_core.events import Notice, RunCancelledEvent
from slora_core.streams.streaming import stream_in_thread

def position():
    frame = sys._current_frames()[threading.main_thread().ident]
    return frame.f_code.co_name, frame.f_lineno

def execute(emit, cancel):
    emit(Notice(0.0, "retry", "ready"))
    places = [("", 0)] * 5
    while len(set(places)) > 1 or places[0][0] != "_drain":  # until the consumer waits for the next event
        threading.Event().wait(0.01)
        places = [*places[1:], position()]
    os.kill(os.getpid(), signal.SIGINT)
    while not cancel.cancelled:
        threading.Event().wait(0.001)
    emit(RunCancelledEvent(1.0, "scan"))

try:
    for event in stream_in_thread(execute, CancelToken()):
        print(type(event).__name__, flush=True)
except KeyboardInterrupt:
    print("KeyboardInterrupt", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_cancels_hands_out_the_end_and_is_raised_again():
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Notice\nRunCancelledEvent\nKeyboardInterrupt\n"


ABANDONED = """
import threading
from slora_core.cancel import CancelToken
from slora_core.events import Notice
from slora_core.streams.streaming import stream_in_thread

def execute(emit, cancel):
    emit(Notice(0.0, "retry", "ready"))
    while not cancel.cancelled:
        threading.Event().wait(0.001)
    print("cleaned up", flush=True)

stream = stream_in_thread(execute, CancelToken())
next(stream)
"""


def test_the_end_of_the_interpreter_cancels_an_open_stream():
    done = subprocess.run(
        [sys.executable, "-c", ABANDONED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "cleaned up\n", "")
