"""Every word by which the engine tells a choice has one in the reader's language."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from slora_core.classifiers.plan import EvaluationChoice
from slora_core.compensators.attention.choice import AttentionChoice, Form
from slora_core.compensators.linear.plan import LinearFitChoice, LinearMoveChoice
from slora_core.compensators.rff.plan import RffFitChoice, RffMoveChoice
from slora_core.compensators.weak_nonlinear.plan import WeakFitChoice, WeakMoveChoice
from slora_core.features.plan import ExtractionChoice
from slora_core.memory.planner import choice_words
from slora_core.running.feed_plan import FedChoice
from slora_core.sources.plan import ScanChoice
from slora_core.statistics.plan import StatisticsChoice
from slora_gui.model.stage_texts import choice_text

CHOICES = (
    AttentionChoice,
    EvaluationChoice,
    ExtractionChoice,
    FedChoice,
    LinearFitChoice,
    LinearMoveChoice,
    RffFitChoice,
    RffMoveChoice,
    ScanChoice,
    StatisticsChoice,
    WeakFitChoice,
    WeakMoveChoice,
)


def words_of(choice: type) -> list[str]:
    """Its fields as a plan tells them, numbers left out; of a form every value, of a precision none."""
    found = []
    for field in dataclasses.fields(choice):
        if field.name == "form":
            found += typing.get_args(Form)
        elif field.name != "precision":
            found.append(choice_words({field.name: True}))
    return found


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.__name__)
def test_every_word_is_translated(choice, chinese) -> None:
    words = words_of(choice)
    assert words
    assert [word for word in words if choice_text(word) == word] == []
