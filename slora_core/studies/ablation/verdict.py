"""What a measure does, in a few words of the reader's language. Torch-free."""

from __future__ import annotations

from typing import Any, Final, Protocol

from slora_core.studies.ablation.effects import Effect

NOTABLE: Final = 0.005
"""A saving below half a percent is told as none."""

NOTABLE_TIME: Final = 0.05
LEAST_RUNS: Final = 3
"""A change of time is told when it is this large and no repetition contradicts it; two of each part by chance once in
three times."""


class Say(Protocol):
    """The phrase ``text`` in the reader's language, its braces filled in."""

    def __call__(self, text: str, **values: Any) -> str: ...


def in_english(text: str, **values: Any) -> str:
    return text.format(**values)


def verdict_of(effect: Effect, say: Say = in_english) -> str:
    """What the measure saves or costs, beyond the spread of the repetitions."""
    if effect.failure:
        return say("failed")
    if effect.seconds_with is None or effect.seconds_without is None:
        return say("not measured")
    if effect.idle:
        return say("no effect: {reason}", reason=say(effect.idle))
    words = [*_memory(effect, say), *_time(effect, say)]
    if effect.accuracy_change:
        words.append(say("accuracy {change} points", change=f"{100 * effect.accuracy_change:+.2f}"))
    if words:
        return say(", ").join(words)
    return say("no effect") if effect.unchanged else say("no notable effect")


def _memory(effect: Effect, say: Say) -> list[str]:
    saving = effect.saving or 0.0
    if saving >= NOTABLE:
        return [say("saves {share} of the peak", share=f"{saving:.1%}")]
    if saving <= -NOTABLE:
        return [say("takes {factor} times the peak", factor=f"{1 - saving:.3g}")]
    if (effect.best_stage_saving or 0.0) >= NOTABLE:
        share = f"{effect.best_stage_saving:.1%}"
        return [say("saves {share} of {stage} only", share=share, stage=effect.best_stage)]
    return []


def _time(effect: Effect, say: Say) -> list[str]:
    change = effect.time_change
    if change is None or change.runs < LEAST_RUNS or abs(change.median) < NOTABLE_TIME:
        return []
    if change.least <= 0 <= change.most:
        return []
    share = f"{abs(change.median):.0%}"
    return [say("{share} slower", share=share) if change.median > 0 else say("{share} faster", share=share)]
