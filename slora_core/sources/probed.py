"""What a probe of a source's models found out, and what was planned from it. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from slora_core.memory.plan import StageRequest


@dataclass(frozen=True, slots=True)
class MeasuredPrecision:
    """What ``extraction.precision = "auto"`` measured on ``batch`` inputs, and ``chosen``: fp32 or bf16.

    Seconds and peak bytes are those of one model's forward pass; ``deviation`` is ||bf16 - fp32|| / ||fp32|| of the
    features, which ``bound`` limits. None where the device has no bf16.
    """

    chosen: str
    batch: int
    deviation: float | None
    bound: float
    fp32_s: float
    bf16_s: float | None
    fp32_bytes: int
    bf16_bytes: int | None

    def describe(self) -> str:
        """The choice and its reason in a sentence."""
        if self.bf16_s is None or self.deviation is None:
            return "forward passes in fp32: the device has no bf16"
        times = self.fp32_s / self.bf16_s
        speed = f"{times:.1f} times as fast" if times >= 1 else f"{1 / times:.1f} times slower"
        return (
            f"forward passes in {self.chosen}: on {self.batch} inputs bf16 is {speed}, and its features deviate by"
            f" {self.deviation:.2g} from those of fp32 (at most {self.bound:g} is allowed)"
        )


@dataclass(frozen=True, slots=True)
class Probed:
    """Stages by task that the source runs before the round's own, and bytes it holds through the whole run.

    ``precision`` where the forward passes' was to be measured. ``unplanned_s`` are about the seconds of stages that
    no plan holds, by their paths: the training of the demo.
    """

    requests: Mapping[int, Sequence[StageRequest]] = field(default_factory=dict)
    held_bytes: int = 0
    precision: MeasuredPrecision | None = None
    unplanned_s: Mapping[str, float] = field(default_factory=dict)


class PlannedForward(Protocol):
    """What the plan has chosen for the forward passes of a task."""

    @property
    def batch(self) -> int:
        """Inputs of one pass."""

    @property
    def precision(self) -> str:
        """fp32, bf16 or fp16."""
