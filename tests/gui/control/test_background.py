"""Work in the background answers in the thread of the window, in order, and is waited for at the end."""

from __future__ import annotations

import threading

from slora_gui.control.background import Background


def test_answers_and_failures_come_back_here(qtbot):
    background, heard = Background(), []

    def fail():
        raise ValueError("no")

    background.start(threading.get_ident, lambda thread: heard.append((thread, threading.get_ident())), heard.append)
    background.start(fail, heard.append, lambda error: heard.append(str(error)))
    qtbot.waitUntil(lambda: not background.busy)
    (worked_in, answered_in), refusal = heard
    assert worked_in != answered_in == threading.get_ident()
    assert refusal == "no"


def test_closing_waits_and_drops_the_answer(qtbot):
    background, heard, go, done = Background(), [], threading.Event(), []

    def work():
        go.wait()
        done.append(True)

    background.start(work, heard.append, heard.append)
    go.set()
    background.close()
    qtbot.wait(1)
    assert done == [True]
    assert heard == []
