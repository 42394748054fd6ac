"""What an extraction takes: a probe's line through small batches, drawn on to larger ones. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.config import RunConfig
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option

BATCHES: Final = (4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class ProbedCost:
    """Peak bytes of one batch of b inputs: ``fixed_bytes`` + b ``item_bytes``; ``item_s`` seconds an input."""

    fixed_bytes: int
    item_bytes: int
    item_s: float


@dataclass(frozen=True, slots=True)
class ExtractionChoice:
    """Inputs of one forward pass."""

    batch: int

    def shrunk(self) -> ExtractionChoice | None:
        return ExtractionChoice(self.batch // 2) if self.batch > 1 else None


def extraction_options(
    cost: ProbedCost, *, rows: int, passes: int, dim: int, held_bytes: int, cache_bytes: int, config: RunConfig
) -> tuple[Option, ...]:
    """One option a batch size, for ``rows`` inputs through ``passes`` models.

    ``held_bytes`` is what stays through the stage (the model before the task), ``cache_bytes`` what the feature cache
    begins to hold in it. Without progressive release the features of all rows are collected on the device and
    concatenated there.
    """
    collected = 0 if config.measures.progressive_release else passes * rows * dim * 4
    options = []
    for batch in BATCHES:
        forward = Buffer("probed_forward", (cost.fixed_bytes + min(batch, rows) * cost.item_bytes,), "uint8")
        footprint = Footprint(
            standing=(Buffer("held_model", (held_bytes,), "uint8"), Buffer("collected", (collected,), "uint8")),
            phases=(("forward", (forward,)), ("concatenate", (Buffer("joined", (collected,), "uint8"),))),
            kept=(Buffer("cached_features", (cache_bytes,), "uint8"),),
        )
        overhead = 1 + 4 / batch
        options.append(Option(ExtractionChoice(batch), footprint, rows * passes * cost.item_s * overhead))
    return tuple(options)
