"""What an extraction takes: a probe's line through small batches, drawn on to larger ones. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

from slora_core.config import RunConfig
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option

BATCHES: Final = (1, 4, 8, 16, 32, 64, 96, 128, 192, 256)


class MeasuredBatch(NamedTuple):
    """A forward pass of ``batch`` inputs: its peak, what the pool reserved beyond that, and one model's seconds."""

    batch: int
    peak_bytes: int
    pool_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProbedCost:
    """Peak bytes of one batch of b inputs: ``fixed_bytes`` + b ``item_bytes``; seconds: ``batch_s`` + b ``item_s``.

    ``batches``, ascending, are measured one by one where a line does not hold: the pool of a CUDA device takes
    segments, and libraries take other kernels for other sizes. Then these count, and no others are offered.
    """

    fixed_bytes: int
    item_bytes: int
    item_s: float
    batch_s: float = 0.0
    batches: tuple[MeasuredBatch, ...] = ()

    def of(self, batch: int) -> MeasuredBatch:
        """What ``batch`` inputs take: what the next measured batch takes that is as large, or what the line says."""
        for found in self.batches:
            if found.batch >= batch:
                return found
        if self.batches:
            last = self.batches[-1]
            times = batch / last.batch
            return MeasuredBatch(
                batch, ceil(times * last.peak_bytes), ceil(times * last.pool_bytes), times * last.seconds
            )
        return MeasuredBatch(batch, self.fixed_bytes + batch * self.item_bytes, 0, self.batch_s + batch * self.item_s)


@dataclass(frozen=True, slots=True)
class ExtractionWork:
    """``rows`` inputs through ``passes`` models of ``dim`` features, then ``evaluation_rows`` through the last of them.

    ``held_bytes`` is what stays through the stage (a model that it loads), ``held_pool_bytes`` what a CUDA device's
    pool reserves for it beyond that, ``cache_bytes`` what the feature cache
    begins to hold in it, ``input_bytes`` what the count sees of one input beside its forward pass; with a cache
    ``looks_up`` rows are gathered. No batch is larger than the ``longest`` part of the inputs (0: not known).
    """

    rows: int
    passes: int
    dim: int
    held_bytes: int = 0
    held_pool_bytes: int = 0
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
    """One option a batch size, of those measured if any were, or the configured one alone.

    ``cost`` is that of ``precision``.

    Without progressive release the features of all rows are collected on the device and concatenated there.
    """
    offered = tuple(found.batch for found in cost.batches) or BATCHES
    batches = (config.extraction.batch,) if config.extraction.batch else offered
    return tuple(_option(ExtractionChoice(batch, precision), cost, work, config) for batch in batches)


def _option(choice: ExtractionChoice, cost: ProbedCost, work: ExtractionWork, config: RunConfig) -> Option:
    column = 0 if config.measures.progressive_release else 4 * work.dim
    collected = column * max(work.passes * work.rows, work.evaluation_rows)
    concatenated = column * max((work.passes + 1) * work.rows, 2 * work.evaluation_rows)
    size = max(1, min(choice.batch, work.longest or max(work.rows, work.evaluation_rows)))
    forward = cost.of(size)
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
                    Buffer("probed_forward", (forward.peak_bytes,), "uint8"),
                    Buffer("collected", (collected,), "uint8"),
                ),
            ),
            ("concatenate", (Buffer("collected_and_joined", (concatenated,), "uint8"),)),
        ),
        kept=(Buffer("cached_features", (work.cache_bytes,), "uint8"),),
        workspace_bytes=work.held_pool_bytes + forward.pool_bytes,
    )
    seconds = work.passes * _seconds(cost, work.rows, size) + _seconds(cost, work.evaluation_rows, size)
    return Option(choice, footprint, seconds)


def _seconds(cost: ProbedCost, rows: int, batch: int) -> float:
    """Of ``rows`` through one model, ``batch`` at a time."""
    whole, rest = divmod(rows, batch)
    return whole * cost.of(batch).seconds + (cost.of(rest).seconds if rest else 0.0)
