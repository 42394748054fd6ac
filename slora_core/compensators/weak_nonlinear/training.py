"""The training loop of alpha2-SLDC over planned buffers: AdamW, a cosine schedule, batches read in blocks of steps."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from slora_core.compensators.weak_nonlinear.draws import IndexStream, WeightStart
from slora_core.compensators.weak_nonlinear.graph import GraphedStep
from slora_core.compensators.weak_nonlinear.step import TrainingStep
from slora_core.config import WeakNonlinearConfig
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.sources.base import Pairs


def learning_rate(step: int, steps: int, initial: float) -> float:
    """The cosine from ``initial`` at step 0 towards a third of it at ``steps`` (Loshchilov and Hutter, 2017)."""
    last = initial / 3
    return last + (initial - last) * (1 + math.cos(math.pi * step / steps)) / 2


def train(
    ctx: RunContext, pairs: Pairs, space: Workspace, config: WeakNonlinearConfig, *, seed: int, block_steps: int
) -> None:
    """Train ``space["weights"]`` and ``space["gates"]`` from their start; advances by steps."""
    staging = Staging(space)
    _start(space, staging, seed)
    step = _prepared_step(ctx, space, config)
    indices = IndexStream(seed, pairs.count)
    x, y, rate = space["x"], space["y"], space["learning_rate"]
    batches = [space[name].view(block_steps, *x.shape).unbind() for name in ("block_before", "block_after")]
    for first in range(0, config.steps, block_steps):
        block = min(block_steps, config.steps - first)
        _read_block(space, staging, pairs, indices, block * config.batch)
        for number, before, after in zip(range(first, first + block), *batches, strict=False):
            ctx.checkpoint()
            x.copy_(before)
            y.copy_(after)
            rate.fill_(learning_rate(number, config.steps, config.learning_rate))
            step()
        ctx.advance(block)


def _start(space: Workspace, staging: Staging, seed: int) -> None:
    start = WeightStart(seed)
    for weight in space["weights"]:
        staging.upload(weight, start.fill)
    space["gates"].zero_()
    space["gates"][0].fill_(1.0)


def _prepared_step(ctx: RunContext, space: Workspace, config: WeakNonlinearConfig) -> Callable[[], None]:
    step = TrainingStep(space, config)
    if ctx.device.type != "cuda":
        return step
    return GraphedStep(
        step,
        ctx.device,
        lambda reason: ctx.notice("no-effect", f"the training step runs without a CUDA graph: {reason}"),
    )


def _read_block(space: Workspace, staging: Staging, pairs: Pairs, indices: IndexStream, rows: int) -> None:
    index: Tensor = space["index"][:rows]
    indices.fill(index.numpy())
    staging.upload(space["block_before"][:rows], lambda host: pairs.gather(index, host, None))
    staging.upload(space["block_after"][:rows], lambda host: pairs.gather(index, None, host))
