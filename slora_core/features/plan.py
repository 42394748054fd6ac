"""What an extraction takes: a probe's line through small batches, drawn on to larger ones. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.config import RunConfig
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option

BATCHES: Final = (1, 4, 8, 16, 32, 64, 96, 128, 192, 256)


@dataclass(frozen=True, slots=True)
class ProbedCost:
    """Peak bytes of one batch of b inputs: ``fixed_bytes`` + b ``item_bytes``; seconds: ``batch_s`` + b ``item_s``.

    A CUDA pool reserves up to ``pool_fixed_bytes`` + b ``pool_item_bytes`` more than that.
    """

    fixed_bytes: int
    item_bytes: int
    item_s: float
    batch_s: float = 0.0
    pool_fixed_bytes: int = 0
    pool_item_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ExtractionWork:
    """``rows`` inputs through ``passes`` models of ``dim`` features, then ``evaluation_rows`` through the last of them.

    ``held_bytes`` is what stays through the stage (a model that it loads), ``cache_bytes`` what the feature cache
    begins to hold in it, ``input_bytes`` what the count sees of one input beside its forward pass; with a cache
    ``looks_up`` rows are gathered. No batch is larger than the ``longest`` part of the inputs (0: not known).
    """

    rows: int
    passes: int
    dim: int
    held_bytes: int = 0
    cache_bytes: int = 0
    input_bytes: int = 0
    looks_up: bool = False
    longest: int = 0
    evaluation_rows: int = 0


@dataclass(frozen=True, slots=True)
class ExtractionChoice:
    """Inputs of one forward pass, and its precision, which is settled before anything is planned."""

    batch: int
    precision: str = "fp32"


def extraction_options(
    cost: ProbedCost, work: ExtractionWork, config: RunConfig, precision: str = "fp32"
) -> tuple[Option, ...]:
    """One option a batch size, or the configured one alone; ``cost`` is that of ``precision``.

    Without progressive release the features of all rows are collected on the device and concatenated there.
    """
    batches = (config.extraction.batch,) if config.extraction.batch else BATCHES
    return tuple(_option(ExtractionChoice(batch, precision), cost, work, config) for batch in batches)


def _option(choice: ExtractionChoice, cost: ProbedCost, work: ExtractionWork, config: RunConfig) -> Option:
    column = 0 if config.measures.progressive_release else 4 * work.dim
    collected = column * max(work.passes * work.rows, work.evaluation_rows)
    concatenated = column * max((work.passes + 1) * work.rows, 2 * work.evaluation_rows)
    size = max(1, min(choice.batch, work.longest or max(work.rows, work.evaluation_rows)))
    looked_up = size * work.dim * 4 if work.looks_up else 0
    footprint = Footprint(
        standing=(
            Buffer("held_model", (work.held_bytes,), "uint8"),
            Buffer("looked_up", (looked_up,), "uint8"),
            Buffer("inputs", (size * work.input_bytes,), "uint8"),
        ),
        phases=(
            (
                "forward",
                (
                    Buffer("probed_forward", (cost.fixed_bytes + size * cost.item_bytes,), "uint8"),
                    Buffer("collected", (collected,), "uint8"),
                ),
            ),
            ("concatenate", (Buffer("collected_and_joined", (concatenated,), "uint8"),)),
        ),
        kept=(Buffer("cached_features", (work.cache_bytes,), "uint8"),),
        workspace_bytes=cost.pool_fixed_bytes + size * cost.pool_item_bytes,
    )
    batches = work.passes * -(-work.rows // size) + -(-work.evaluation_rows // size)
    seconds = (work.passes * work.rows + work.evaluation_rows) * cost.item_s + batches * cost.batch_s
    return Option(choice, footprint, seconds)
