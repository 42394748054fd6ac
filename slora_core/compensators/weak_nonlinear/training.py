"""The training loop of alpha2-SLDC over planned buffers: AdamW, a cosine schedule, batches read in blocks of steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.compensators.reading import read_pairs
from slora_core.compensators.weak_nonlinear.draws import IndexStream, WeightStart
from slora_core.compensators.weak_nonlinear.plan import BLOCK_STEPS, RESIDENT_LOAD_ROWS, WeakFitChoice
from slora_core.compensators.weak_nonlinear.step import TrainingStep
from slora_core.config import WeakNonlinearConfig
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.graph import GraphedStep
from slora_core.numerics.staging import Staging
from slora_core.numerics.staging_plan import STAGING_SLOTS
from slora_core.sources.base import Pairs

FAINT_STEPS: Final = BLOCK_STEPS[-1]
"""Between two looks for faint moments: a multiple of every block, so that they fall on the same steps in any option."""


def learning_rate(step: int, steps: int, initial: float) -> float:
    """The cosine from ``initial`` at step 0 towards a third of it at ``steps`` (Loshchilov and Hutter, 2017)."""
    last = initial / 3
    return last + (initial - last) * (1 + math.cos(math.pi * step / steps)) / 2


def train(
    ctx: RunContext, pairs: Pairs, space: Workspace, config: WeakNonlinearConfig, *, seed: int, choice: WeakFitChoice
) -> None:
    """Train ``space["weights"]`` and ``space["gates"]`` from their start; advances by steps."""
    staging = Staging(space)
    _start(space, staging, seed)
    steps = _Steps(ctx, space, config)
    indices = IndexStream(seed, pairs.count)
    block_steps = choice.block_steps
    if choice.resident:
        batches: _Batches = _ResidentBatches(ctx, space, staging, pairs)
    else:
        batches = _BlockBatches(space, staging, _held(ctx, space, pairs) if choice.held else pairs.gather)
    for first in range(0, config.steps, block_steps):
        block = min(block_steps, config.steps - first)
        batches.open(indices, block * config.batch)
        steps.open(first, block)
        for number in range(0, block, steps.together):
            ctx.checkpoint()
            count = min(steps.together, block - number)
            batches.fill(number, count)
            steps.run(number, count)
        ctx.advance(block)


class _Steps:
    """Training steps on the batches in ``space["x"]`` and ``space["y"]``, ``together`` at a time or fewer."""

    def __init__(self, ctx: RunContext, space: Workspace, config: WeakNonlinearConfig) -> None:
        self.together = len(space["x"])
        self._step = TrainingStep(space, config)
        self._operands = list(zip(space["x"], space["y"], space["learning_rate"], strict=True))
        self._schedule, self._rates = space["schedule"], space["learning_rate"]
        self._staging, self._config, self._on_cpu = Staging(space, "schedule"), config, ctx.device.type == "cpu"
        self._all: Callable[[], None] = partial(_train_on, self._step, self._operands)
        if ctx.device.type == "cuda":
            self._all = GraphedStep(
                self._all,
                ctx.device,
                lambda reason: ctx.notice("no-effect", f"the training step runs without a CUDA graph: {reason}"),
                warm_up_calls=1,
            )

    def open(self, first: int, count: int) -> None:
        """A block of ``count`` steps from ``first`` on follows."""
        self._staging.upload(self._schedule[:count], partial(_fill_schedule, self._config, first))
        if self._on_cpu and first % FAINT_STEPS == 0:
            self._step.forget_faint_moments()

    def run(self, first: int, count: int) -> None:
        """Steps ``first`` to ``first + count`` of the block."""
        self._rates[:count].copy_(self._schedule[first : first + count])
        if count == self.together:
            self._all()
        else:
            _train_on(self._step, self._operands[:count])


def _train_on(step: TrainingStep, operands: list[tuple[Tensor, Tensor, Tensor]]) -> None:
    for x, y, rate in operands:
        step(x, y, rate)


def _fill_schedule(config: WeakNonlinearConfig, first: int, out: Tensor) -> None:
    steps = range(first, first + len(out))
    out.numpy()[:] = [learning_rate(step, config.steps, config.learning_rate) for step in steps]


class _Batches(Protocol):
    """The batches of a block of steps."""

    def open(self, indices: IndexStream, rows: int) -> None:
        """The next ``rows`` pairs."""

    def fill(self, number: int, count: int) -> None:
        """``count`` batches of the block, from ``number`` on, into the first of ``x`` and ``y``."""


_Gather: TypeAlias = Callable[[Tensor, Tensor | None, Tensor | None], None]
"""``gather(index, before, after)``: the rows ``index`` of the pairs into either."""


class _BlockBatches:
    """Blocks of batches gathered on the host; a device trains on the last while the next is gathered."""

    def __init__(self, space: Workspace, staging: Staging, gather: _Gather) -> None:
        self._space, self._staging, self._gather = space, staging, gather
        self._x, self._y = space["x"], space["y"]
        shape = (-1, *self._x.shape[1:])
        self._before, self._after = space["block_before"].view(shape), space["block_after"].view(shape)

    def open(self, indices: IndexStream, rows: int) -> None:
        index: Tensor = self._space["index"][:rows]
        indices.fill(index.numpy())
        self._staging.upload(self._space["block_before"][:rows], lambda host: self._gather(index, host, None))
        self._staging.upload(self._space["block_after"][:rows], lambda host: self._gather(index, None, host))

    def fill(self, number: int, count: int) -> None:
        self._x[:count].copy_(self._before[number : number + count])
        self._y[:count].copy_(self._after[number : number + count])


def _held(ctx: RunContext, space: Workspace, pairs: Pairs) -> _Gather:
    """All pairs in the memory of the host, read once in order: from there random rows come many times as fast."""
    held = space["held_before"], space["held_after"]
    for start in range(0, pairs.count, RESIDENT_LOAD_ROWS):
        ctx.checkpoint()
        rows = slice(start, min(start + RESIDENT_LOAD_ROWS, pairs.count))
        pairs.read(rows.start, rows.stop, held[0][rows], held[1][rows])

    def gather(index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in zip(held, (before, after), strict=True):
            if out is not None:
                torch.index_select(source, 0, index, out=out)

    return gather


class _ResidentBatches:
    """All pairs on the device, read once; batches are picked there."""

    def __init__(self, ctx: RunContext, space: Workspace, staging: Staging, pairs: Pairs) -> None:
        self._x, self._y = (space[name].view(-1, pairs.dim) for name in ("x", "y"))
        self._before, self._after = space["features_before"], space["features_after"]
        self._index, self._batch = space["index"], space["x"].shape[1]
        self._slots = _IndexSlots([space[f"index_{slot}"] for slot in range(STAGING_SLOTS)], space.device)
        for start in range(0, pairs.count, RESIDENT_LOAD_ROWS):
            ctx.checkpoint()
            stop = min(start + RESIDENT_LOAD_ROWS, pairs.count)
            read_pairs(staging, pairs, start, self._before[start:stop], self._after[start:stop])

    def open(self, indices: IndexStream, rows: int) -> None:
        self._slots.upload(self._index[:rows], indices.fill)

    def fill(self, number: int, count: int) -> None:
        index = self._index[number * self._batch : (number + count) * self._batch]
        torch.index_select(self._before, 0, index, out=self._x[: len(index)])
        torch.index_select(self._after, 0, index, out=self._y[: len(index)])


class _IndexSlots:
    """Pinned slots in turn, through which whole numbers go to a device."""

    def __init__(self, slots: list[Tensor], device: torch.device) -> None:
        self._slots = [(slot, torch.Event(device=device)) for slot in slots]
        for _, copied in self._slots:
            copied.record()

    def upload(self, out: Tensor, fill: Callable[[NDArray[np.int64]], None]) -> None:
        slot, copied = self._slots[0]
        self._slots.reverse()
        copied.synchronize()
        host = slot[: len(out)]
        fill(host.numpy())
        out.copy_(host, non_blocking=True)
        copied.record()


def _start(space: Workspace, staging: Staging, seed: int) -> None:
    start = WeightStart(seed)
    for weight in space["weights"]:
        staging.upload(weight, start.fill)
    space["gates"].zero_()
    space["gates"][0].fill_(1.0)
