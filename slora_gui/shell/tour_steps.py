"""What the tour shows: five parts of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from slora_gui.shell.tour import TourStep


def tour_steps(parts: Mapping[str, QWidget], show: Callable[[str], None]) -> tuple[TourStep, ...]:
    """``parts`` are the widgets "job", "forecast", "live", "compare" and "history"; ``show`` brings one to sight."""
    translate = QCoreApplication.translate
    texts = {
        "job": (
            translate("Tour", "The job"),
            translate(
                "Tour",
                "Choose what to compute and hold it below a budget. Files can be dropped anywhere in the window, and"
                " every change can be undone.",
            ),
        ),
        "forecast": (
            translate("Tour", "The forecast"),
            translate(
                "Tour",
                "Before anything runs: predicted peak and time of every stage, the stage that binds, and the smallest"
                " budget that would do.",
            ),
        ),
        "live": (
            translate("Tour", "The run"),
            translate(
                "Tour",
                "Memory over time while the run goes. Drag the budget line; hover for every value; drag a region for"
                " its statistics. Peaks come from counters, not from samples.",
            ),
        ),
        "compare": (
            translate("Tour", "Comparison"),
            translate(
                "Tour",
                "Run the original and the optimised engine one after the other, or lay recorded runs over each other,"
                " with signed differences.",
            ),
        ),
        "history": (
            translate("Tour", "The history"),
            translate(
                "Tour",
                "Every run is recorded. Search, note, reopen, compare, delete. Ctrl+Shift+P finds any action, F1 lists"
                " the keys.",
            ),
        ),
    }
    return tuple(_step(name, *text, parts, show) for name, text in texts.items())


def _step(name: str, title: str, text: str, parts: Mapping[str, QWidget], show: Callable[[str], None]) -> TourStep:
    def target() -> QWidget | None:
        return parts.get(name)

    def bring() -> None:
        show(name)

    return TourStep(title, text, target, bring)
