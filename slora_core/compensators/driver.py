"""Walks the classes through a fitted operator; after an out-of-memory it keeps what is done and goes on smaller."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from slora_core.compensators.base import Transition
from slora_core.context import RunContext
from slora_core.errors import BudgetExceeded
from slora_core.memory.plan import Option
from slora_core.numerics.noise import Noise
from slora_core.statistics.base import StateReader, StateWriter

Shrink: TypeAlias = Callable[[Option], Option | None]
"""The next smaller option of the same stage, or None."""


def move_classes(  # noqa: PLR0917
    ctx: RunContext,
    transition: Transition,
    option: Option,
    classes: Sequence[int],
    state: StateReader,
    out: StateWriter,
    noise: Noise | None,
    *,
    shrink: Shrink,
) -> dict[int, float]:
    """Move the classes numbered ``classes`` in batches; returns the Cholesky jitter by class number.

    Advances the open stage by one per class. When the ledger or the device refuses memory, finished classes are kept,
    a ``retry`` notice is emitted and the rest goes on with ``shrink(option)``; raises the refusal when there is no
    smaller option. No option changes a result.
    """
    walk = _Walk(ctx, transition, list(classes), state, _Recorder(out), noise)
    while (refusal := walk.go(option)) is not None:
        smaller = shrink(option)
        if smaller is None:
            raise refusal
        traceback.clear_frames(refusal.__traceback__)  # they hold the refused buffers
        if ctx.device.type == "cuda":
            torch.cuda.empty_cache()
        ctx.notice(
            "retry",
            f"out of memory with {option.choice}; {walk.moved} of {len(classes)} classes are kept,"
            f" the others go on with {smaller.choice}",
            reason=str(refusal),
            kept=walk.moved,
            predicted_bytes=smaller.footprint.peak_bytes(),
        )
        option = smaller
    return walk.jitter


class _Recorder:
    """Passes classes on to a writer and remembers which."""

    def __init__(self, out: StateWriter) -> None:
        self._out = out
        self.written: set[int] = set()

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        self._out.write(index, mean, covariance)
        self.written.add(index)


@dataclass
class _Walk:
    """What remains to be moved, across retries."""

    ctx: RunContext
    transition: Transition
    remaining: list[int]
    state: StateReader
    out: _Recorder
    noise: Noise | None
    jitter: dict[int, float] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        return len(self.out.written)

    def go(self, option: Option) -> BudgetExceeded | torch.OutOfMemoryError | None:
        """Move what remains; returns the refusal that stopped it, or None when all is done."""
        try:
            with self.transition.mover(self.ctx, option, self.noise) as mover:
                while self.remaining:
                    batch = self.remaining[: mover.batch_classes]
                    self.jitter.update(mover.move(batch, self.state, self.out))
                    self._settle()
        except (BudgetExceeded, torch.OutOfMemoryError) as refusal:
            self._settle()
            return refusal
        return None

    def _settle(self) -> None:
        """Cross off what has been written and report it."""
        before = len(self.remaining)
        self.remaining = [index for index in self.remaining if index not in self.out.written]
        self.ctx.advance(before - len(self.remaining))
