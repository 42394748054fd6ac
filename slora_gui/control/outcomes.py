"""What became of a run, in the words of the message bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QCoreApplication

from slora_core.errors import SloraError
from slora_core.events import RunFailed
from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.model.problem_texts import remedy_text, what_text
from slora_gui.model.run_model import RunModel
from slora_gui.shell.message_bar import Message
from slora_gui.shell.problems import Problem, problem_of_run
from slora_gui.views.layout import in_sentences

if TYPE_CHECKING:
    from slora_gui.main_window import MainWindow

ShowProblem: TypeAlias = Callable[[Problem], object]


def outcome_message(model: RunModel, show_problem: ShowProblem) -> Message | None:
    """Of a run that has ended; ``show_problem`` opens the details of one that failed."""
    translate = QCoreApplication.translate
    if model.failure is not None:
        return failure_message(model.failure, show_problem)
    if model.status == "cancelled":
        return Message(translate("Outcomes", "The run was cancelled; what was measured until then is kept."))
    if model.result is None:
        return None
    text = translate("Outcomes", "{run}: finished in {time}, peak {peak} allocated.")
    peak, time = format_size(model.peaks.allocated_bytes), format_seconds(model.seconds)
    return Message(text.format(run=model.title, time=time, peak=peak), "good")


def with_results(message: Message, window: MainWindow) -> Message:
    """Brings the results to sight where there is room for them; else the message offers to."""
    if window.offer_dock("results"):
        return message
    button = QCoreApplication.translate("Outcomes", "Show results")
    return replace(message, button=button, act=partial(window.show_dock, "results"))


def error_message(error: SloraError) -> Message:
    """What is wrong and what to do about it."""
    return Message(in_sentences((what_text(error), remedy_text(error))), "danger")


def failure_message(failure: RunFailed, show_problem: ShowProblem) -> Message:
    """What happened, what to do, and where there are details a button that shows them."""
    translate = QCoreApplication.translate
    problem = problem_of_run(failure)
    kept = translate("Outcomes", "What was measured until then is kept.") if failure.kind == "engine-died" else ""
    text = in_sentences((problem.what, problem.remedy, kept))
    details = translate("Outcomes", "Details") if problem.details else ""
    return Message(text, "danger", details, lambda: show_problem(problem))
