"""What went wrong, in the order in which a person asks: what happened, why, what to do; details last."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from slora_core.errors import SloraError
from slora_core.events import RunFailed
from slora_gui.model.problem_texts import remedy_text, what_text


@dataclass(frozen=True, slots=True)
class Problem:
    """``what`` happened and what to do about it (``remedy``, may be ""); ``details`` are for a report of a defect."""

    what: str
    remedy: str = ""
    details: str = ""

    def as_text(self) -> str:
        """All of it, for the clipboard."""
        return "\n\n".join(part for part in (self.what, self.remedy, self.details) if part)


def problem_of_error(error: BaseException) -> Problem:
    """The engine's own errors say it themselves; any other is a defect of the window."""
    if isinstance(error, SloraError):
        return Problem(what_text(error), remedy_text(error))
    what = QCoreApplication.translate("Problems", "Something in the window failed: {error}")
    remedy = QCoreApplication.translate(
        "Problems", "You can go on working. This is a defect: please report it with the details."
    )
    details = "".join(traceback.format_exception(error))
    return Problem(what.format(error=f"{type(error).__name__}: {error}"), remedy, details)


def problem_of_run(failed: RunFailed) -> Problem:
    return Problem(what_text(failed), remedy_text(failed), failed.details)
