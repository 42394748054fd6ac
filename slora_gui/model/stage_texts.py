"""What the stages of a run are called in the window: their own names in English, told in the reader's language."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QCoreApplication

from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.lists import listed

_NAMES: Final = {
    "attention": QT_TRANSLATE_NOOP("Stages", "attention"),
    "check": QT_TRANSLATE_NOOP("Stages", "check"),
    "evaluate": QT_TRANSLATE_NOOP("Stages", "evaluate"),
    "extract": QT_TRANSLATE_NOOP("Stages", "extract"),
    "fit": QT_TRANSLATE_NOOP("Stages", "fit"),
    "linear": QT_TRANSLATE_NOOP("Stages", "linear"),
    "load": QT_TRANSLATE_NOOP("Stages", "load"),
    "move": QT_TRANSLATE_NOOP("Stages", "move"),
    "prepare": QT_TRANSLATE_NOOP("Stages", "prepare"),
    "rff": QT_TRANSLATE_NOOP("Stages", "rff"),
    "scan": QT_TRANSLATE_NOOP("Stages", "scan"),
    "statistics": QT_TRANSLATE_NOOP("Stages", "statistics"),
    "train": QT_TRANSLATE_NOOP("Stages", "train"),
    "warm-up": QT_TRANSLATE_NOOP("Stages", "warm-up"),
    "weaknonlinear": QT_TRANSLATE_NOOP("Stages", "weaknonlinear"),
}
_TASK: Final = re.compile(r"task(\d+)")


_CHOICES: Final = {
    "batch": QT_TRANSLATE_NOOP("Choices", "batch"),
    "block steps": QT_TRANSLATE_NOOP("Choices", "block steps"),
    "chunk": QT_TRANSLATE_NOOP("Choices", "chunk"),
    "classes": QT_TRANSLATE_NOOP("Choices", "classes"),
    "held": QT_TRANSLATE_NOOP("Choices", "held"),
    "least rows": QT_TRANSLATE_NOOP("Choices", "least rows"),
    "materialised": QT_TRANSLATE_NOOP("Choices", "materialised"),
    "panel": QT_TRANSLATE_NOOP("Choices", "panel"),
    "pinned": QT_TRANSLATE_NOOP("Choices", "pinned"),
    "read ahead": QT_TRANSLATE_NOOP("Choices", "read ahead"),
    "resident": QT_TRANSLATE_NOOP("Choices", "resident"),
    "rows": QT_TRANSLATE_NOOP("Choices", "rows"),
    "strip": QT_TRANSLATE_NOOP("Choices", "strip"),
    "tiles": QT_TRANSLATE_NOOP("Choices", "tiles"),
}


def choice_text(choice: str) -> str:
    """Of what the planner chose for a stage, such as ``tiles, chunk 512, resident``; words not known here stay."""
    return listed(_word_text(part) for part in choice.split(", "))


def _word_text(part: str) -> str:
    word, _, number = part.rpartition(" ")
    if not number.isdecimal():
        word, number = part, ""
    known = QCoreApplication.translate("Choices", _CHOICES[word]) if word in _CHOICES else word
    return f"{known} {number}" if number else known


def stage_text(path: str) -> str:
    """Of a dotted path, such as ``task2.attention.move``, or of a part of one; names not known here stay."""
    return ".".join(_part_text(part) for part in path.split("."))


def task_and_stage(path: str) -> tuple[str, str]:
    """``task2.attention.move`` parted into ``task2`` and ``attention.move``; no task is ""."""
    first, _, rest = path.partition(".")
    return (first, rest) if rest and _TASK.fullmatch(first) else ("", path)


def _part_text(part: str) -> str:
    if (task := _TASK.fullmatch(part)) is not None:
        return QCoreApplication.translate("Stages", "task{number}").format(number=task[1])
    return QCoreApplication.translate("Stages", _NAMES[part]) if part in _NAMES else part
