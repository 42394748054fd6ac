"""The nine measures as the original plan ranks them, and the runs that show what each of them does. Torch-free."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from slora_core.config import RunConfig

Priority: TypeAlias = Literal["high", "middle", "low"]
View: TypeAlias = Literal["off alone", "on alone", "cumulated"]


@dataclass(frozen=True, slots=True)
class Measure:
    """``name`` is its switch; ``expected`` the saving of VRAM that the original plan states, as fractions, or None."""

    name: str
    priority: Priority
    expected: tuple[float, float] | None = None


MEASURES: Final = (
    Measure("progressive_release", "high", (0.30, 0.40)),
    Measure("feature_cache", "high", (0.20, 0.30)),
    Measure("stage_release", "high", (0.15, 0.25)),
    Measure("tiled_attention", "middle", (0.10, 0.15)),
    Measure("weak_chunks", "middle"),
    Measure("device_split", "middle", (0.20, 0.30)),
    Measure("adaptive_budget", "middle"),
    Measure("mixed_precision", "low"),
    Measure("activation_checkpointing", "low"),
)
"""In the order of priority; the plan gives chunking as a whole 10-15 %, which stands at its largest part."""

ALL_OFF: Final = ""
ALL_ON: Final = ",".join(measure.name for measure in MEASURES)


def case_of(on: Sequence[str]) -> str:
    """The name of a case: the measures that are on, in the order of priority."""
    return ",".join(measure.name for measure in MEASURES if measure.name in on)


def without(case: str, names: Collection[str]) -> str:
    """The case with the measures of ``names`` off."""
    return case_of([name for name in case.split(",") if name not in names])


def case_config(config: RunConfig, case: str) -> RunConfig:
    """``config`` with the measures of ``case`` on and all others off, unsampled."""
    on = case.split(",")
    measures = {measure.name: measure.name in on for measure in MEASURES}
    return config.merged({"measures": measures, "run": {"sample_hz": 0}})


def case_title(case: str) -> str:
    """What a person calls the case."""
    on = [name for name in case.split(",") if name]
    if len(on) in (0, len(MEASURES)):
        return "all on" if on else "all off"
    if len(on) == 1:
        return f"{on[0]} alone on"
    if len(on) == len(MEASURES) - 1:
        return f"{next(m.name for m in MEASURES if m.name not in on)} alone off"
    return f"the first {len(on)} measures on"


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a view: ``case_without`` and ``case_with`` differ in ``measure`` alone."""

    view: View
    measure: Measure
    case_without: str
    case_with: str


def steps() -> Iterator[Step]:
    """Every row of the three views in order."""
    names = [measure.name for measure in MEASURES]
    for measure in MEASURES:
        yield Step("off alone", measure, case_of([n for n in names if n != measure.name]), ALL_ON)
    for measure in MEASURES:
        yield Step("on alone", measure, ALL_OFF, case_of([measure.name]))
    for number, measure in enumerate(MEASURES):
        yield Step("cumulated", measure, case_of(names[:number]), case_of(names[: number + 1]))


def cases() -> tuple[str, ...]:
    """Every case once: the two references first, then as the views need them.

    All off comes before all on, whose statistics are held against it at the end of the cumulated view.
    """
    found = [ALL_OFF, ALL_ON]
    for step in steps():
        found += [step.case_without, step.case_with]
    return tuple(dict.fromkeys(found))
