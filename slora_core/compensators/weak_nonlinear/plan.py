"""The weak-nonlinear operator's options: steps whose batches are read together, and the samples moved at a time.

Torch-free. The training step itself has one shape only, so that no option changes the fitted network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from slora_core.compensators.push_plan import push_buffers, push_seconds
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.memory.policies import MOST_PINNED_BYTES, candidate_chunks
from slora_core.numerics.staging_plan import STAGING_SLOTS, staging_buffers
from slora_core.types import Workload

BLOCK_STEPS: Final = (1, 8, 64)
STEP_OPERATIONS: Final = 27
"""Of a training step, those that wait for one another."""
BLOCK_OPERATIONS: Final = 16
CHUNK_OPERATIONS: Final = 5
BATCHES: Final = {"cpu": (4,), "cuda": (2, 4, 8)}
RESIDENT_LOAD_ROWS: Final = 2048
CUDA_GROUPS: Final = 4
"""Launches of the optimiser side by side. Measured on an H200 for d = 768: 3, 4 and 6 take 18, 13 and 21 us."""
CUDA_SLICES: Final = 35
"""Slices of the weights in a launch: with the gates as many tensors as it takes."""
CUDA_STEPS_TOGETHER: Final = 4
"""Training steps of a CUDA graph, so that the device need not wait for the host between them."""
MOST_PARTS: Final = 8
LEAST_TERMS: Final = 32
"""Of a sum that a card takes in parts: at most as many parts, of at least as many terms."""


@dataclass(frozen=True, slots=True)
class WeakFitChoice:
    """Batches of ``block_steps`` training steps are gathered at a time: from the file, ``held`` from the memory of the
    host beside a CUDA device, or ``resident`` from the device."""

    block_steps: int
    resident: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class WeakMoveChoice:
    """``chunk`` samples of each of ``classes`` classes go through the network at a time."""

    classes: int
    chunk: int


def fit_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """One option a block of steps; the floor is four numbers a weight: itself, its gradient and AdamW's two moments."""
    steps = config.operators.weaknonlinear.steps
    choices = [WeakFitChoice(block) for block in sorted({min(block, steps) for block in BLOCK_STEPS})]
    if device.kind == "cuda":
        if 8 * workload.pairs * workload.dim <= MOST_PINNED_BYTES:
            choices += [replace(choice, held=True) for choice in choices]
        choices.append(WeakFitChoice(min(BLOCK_STEPS[-1], steps), resident=True))
    return tuple(_fit_option(choice, workload, config, device) for choice in choices)


def move_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Sample chunks of the policy times class batches; all samples of one class when ``weak_chunks`` is off."""
    samples = config.operators.weaknonlinear.samples
    if not config.measures.weak_chunks:
        return (_move_option(1, samples, workload, config, device),)
    return tuple(
        _move_option(classes, chunk, workload, config, device) for classes, chunk in _rows(workload, config, device)
    )


def _rows(workload: Workload, config: RunConfig, device: DeviceProfile) -> Iterator[tuple[int, int]]:
    """(classes, samples of each) of a pass: at most what a cancel may have to wait for.

    Several classes pay when one has few samples, or on CUDA.
    """
    most_rows = device.slice_flop / (8 * workload.dim**2)
    chunks = candidate_chunks(config, config.operators.weaknonlinear.samples)
    for chunk in chunks:
        if chunk <= most_rows or chunk == chunks[0]:
            yield 1, chunk
        for classes in BATCHES.get(device.kind, ()):
            pays = chunk == chunks[-1] or device.kind != "cpu"
            if pays and classes <= workload.classes and classes * chunk <= most_rows:
                yield classes, chunk


def parts_of(terms: int) -> int:
    """Even parts in which a card takes a sum of ``terms``; 1 where it does not divide."""
    parts = MOST_PARTS
    while parts > 1 and (terms % parts or terms // parts < LEAST_TERMS):
        parts //= 2
    return parts


def fit_footprint(choice: WeakFitChoice, batch: int, workload: Workload, device: DeviceProfile) -> Footprint:
    """Weights A, B1, B2 as one [3, d, d]; activations are columns, [features, batch], which suits the products."""
    block, pairs, dim = choice.block_steps, workload.pairs, workload.dim
    weights, columns = (3, dim, dim), (dim, batch)
    pinned = device.kind == "cuda"
    together = min(CUDA_STEPS_TOGETHER, block) if pinned else 1
    if choice.resident:
        staged = max(min(RESIDENT_LOAD_ROWS, pairs) * dim, dim**2)
        rows = (
            Buffer("features_before", (pairs, dim)),
            Buffer("features_after", (pairs, dim)),
            Buffer("index", (block * batch,), "int64"),
            *(Buffer(f"index_{slot}", (block * batch,), "int64", pinned=True) for slot in range(STAGING_SLOTS)),
        )
    else:
        staged = max(block * batch * dim, dim**2)
        rows = (
            Buffer("index", (block * batch,), "int64", pinned=pinned),
            Buffer("block_before", (block * batch, dim)),
            Buffer("block_after", (block * batch, dim)),
        )
        if choice.held:
            rows += (Buffer("held_before", (pairs, dim), pinned=True), Buffer("held_after", (pairs, dim), pinned=True))
    return Footprint(
        kept=(Buffer("weights", weights), Buffer("gates", (3,))),
        standing=(
            Buffer("gradient", weights),
            Buffer("first_moment", weights),
            Buffer("second_moment", weights),
            Buffer("gate_gradient", (3,)),
            Buffer("gate_first_moment", (3,)),
            Buffer("gate_second_moment", (3,)),
            Buffer("step_count", ()),
            Buffer("schedule", (block,)),
            Buffer("learning_rate", (together,)),
            Buffer("scalars", (4,)),
            Buffer("gate_pairs", (4, 2)),
            Buffer("x", (together, batch, dim)),
            Buffer("y", (together, batch, dim)),
            Buffer("hidden", (2 * dim, batch)),
            Buffer("active", columns),
            Buffer("branch", columns),
            Buffer("error", columns),
            Buffer("row_sums", (dim,)),
            *(_side_by_side(dim, batch) if pinned else ()),
            *rows,
            *staging_buffers(staged, device),
            *staging_buffers(block, device, "schedule"),
        ),
    )


def _side_by_side(dim: int, batch: int) -> tuple[Buffer, ...]:
    """What the branches and the partial products of a step need where they run at the same time."""
    parts = parts_of(dim)
    return (
        Buffer("outer_error", (dim, batch)),
        Buffer("slopes", (2 * dim, batch)),
        *((Buffer("partial_sums", (parts, 2 * dim, batch)),) if parts > 1 else ()),
    )


def move_footprint(classes: int, chunk: int, samples: int, dim: int, device: DeviceProfile) -> Footprint:
    rows = (classes * chunk, dim)
    return Footprint(
        standing=(
            *push_buffers(batch=classes, chunk=chunk, samples=samples, dim=dim, device=device, blend=False),
            Buffer("hidden", rows),
            Buffer("branch", rows),
        ),
    )


def _fit_option(choice: WeakFitChoice, workload: Workload, config: RunConfig, device: DeviceProfile) -> Option:
    training, dim = config.operators.weaknonlinear, workload.dim
    step_s = 14 * training.batch * dim**2 / device.gemm32
    step_s += (24 * dim**2 + 60 * training.batch * dim) / device.copy
    step_s += STEP_OPERATIONS * device.replay_s
    block_s = BLOCK_OPERATIONS * device.op_s / choice.block_steps
    gather_s = 2 * training.batch * (4 * dim / device.host_copy + (0.0 if choice.held else device.row_s))
    if device.kind == "cpu":
        seconds = training.steps * (step_s + block_s + gather_s)
    elif choice.resident:
        seconds = training.steps * (step_s + block_s) + 8 * workload.pairs * dim / device.host_copy
    else:  # the device trains on one block while the host gathers the next
        seconds = training.steps * (max(step_s, gather_s) + block_s)
        if choice.held:
            seconds += 8 * workload.pairs * dim * (1 / device.host_copy + 1 / device.pinning)
    return Option(choice, fit_footprint(choice, training.batch, workload, device), seconds)


def _move_option(classes: int, chunk: int, workload: Workload, config: RunConfig, device: DeviceProfile) -> Option:
    samples, dim = config.operators.weaknonlinear.samples, workload.dim
    rows = samples * workload.classes
    chunks = -(-samples // chunk) * -(-workload.classes // classes)
    seconds = push_seconds(
        samples=samples, classes=workload.classes, batch=classes, chunk=chunk, dim=dim, device=device
    )
    seconds += 6 * rows * dim**2 / device.gemm32 + 24 * rows * dim / device.copy
    seconds += chunks * (24 * dim**2 / device.copy + CHUNK_OPERATIONS * device.replay_s)
    return Option(WeakMoveChoice(classes, chunk), move_footprint(classes, chunk, samples, dim, device), seconds)
