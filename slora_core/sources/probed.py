"""What a probe of a source's models found out. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slora_core.memory.plan import StageRequest


@dataclass(frozen=True, slots=True)
class Probed:
    """Stages by task that the source runs before the round's own, and bytes it holds through the whole run."""

    requests: Mapping[int, Sequence[StageRequest]] = field(default_factory=dict)
    held_bytes: int = 0
