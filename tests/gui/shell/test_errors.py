"""What goes wrong is told: from any thread, once, with details to copy."""

from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtCore import QThread
from PySide6.QtGui import QGuiApplication

from slora_core.errors import InputError
from slora_gui.shell.error_dialog import ErrorDialog
from slora_gui.shell.error_hook import ErrorHook
from slora_gui.shell.message_bar import Message, MessageBar
from slora_gui.shell.problems import Problem, problem_of_error


@pytest.fixture
def caught(qtbot, monkeypatch):
    """(error, thread) pairs that the hook hands out; the usual hooks are silenced."""
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    hook, heard = ErrorHook(), []
    hook.caught.connect(lambda error: heard.append((error, QThread.currentThread())))
    hook.install()
    yield heard
    hook.remove()


def test_an_error_of_a_thread_arrives_in_the_thread_of_the_window(caught, qtbot):
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert caught == []
    qtbot.waitUntil(lambda: len(caught) == 1)
    error, where = caught[0]
    assert isinstance(error, ZeroDivisionError)
    assert where == QThread.currentThread()


def _raise(message):
    raise ValueError(message)


def test_the_same_error_again_is_told_once(caught, qtbot):
    for _ in range(5):
        try:
            _raise("again")
        except ValueError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    qtbot.waitUntil(lambda: caught != [])
    qtbot.wait(1)
    assert len(caught) == 1


def test_ctrl_c_is_no_defect(caught, qtbot):
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    qtbot.wait(1)
    assert caught == []


def test_problems_speak_as_the_engine_does():
    assert problem_of_error(InputError("file 'x' is empty", "choose another")) == Problem(
        "file 'x' is empty", "choose another"
    )
    try:
        _raise("odd")
    except ValueError as error:
        problem = problem_of_error(error)
    assert "ValueError: odd" in problem.what
    assert "_raise" in problem.details


def test_the_dialog_folds_details_and_copies_everything(qtbot):
    dialog = ErrorDialog(Problem("it broke", "mend it", "line 1\nline 2"))
    dialog.open()
    assert dialog.details.isHidden()
    dialog.details_button.click()
    assert dialog.details.isVisible()
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "it broke\n\nmend it\n\nline 1\nline 2"
    dialog.close_button.click()


def test_without_details_there_is_nothing_to_unfold(qtbot):
    dialog = ErrorDialog(Problem("it broke"))
    assert dialog.details_button.isHidden()
    dialog.close()
    dialog.deleteLater()


def test_the_bar_tells_acts_and_is_dismissed(qtbot):
    bar, acted = MessageBar(), []
    qtbot.addWidget(bar)
    bar.tell(Message("<b>saved</b>", "good", "Open folder", lambda: acted.append(True)))
    assert (bar.label.text(), bar.isHidden(), bar.accessibleName()) == ("<b>saved</b>", False, "<b>saved</b>")
    bar.button.click()
    assert acted == [True]
    bar.tell(Message("other"))
    assert bar.button.isHidden()
    bar.close_button.click()
    assert bar.isHidden()
