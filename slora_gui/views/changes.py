"""Asking the job for a change, and hearing its refusal where the change was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel


_ORIGIN = "the configuration: "


class _Ear(QObject):
    """Hears the sentence with which a job refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = ""

    def hear(self, sentence: str) -> None:
        self.sentence = sentence.removeprefix(_ORIGIN)


def request_change(job: JobModel, changes: Mapping[str, Any], text: str, merge_key: str = "") -> str:
    """Change ``job`` undoably; returns "" or the sentence why it stayed as it was."""
    ear = _Ear()
    job.refused.connect(ear.hear)
    try:
        done = job.change(changes, text, merge_key)
    finally:
        job.refused.disconnect(ear.hear)
    return "" if done else ear.sentence
