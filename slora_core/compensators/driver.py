"""Fits an operator and walks the classes through it; after an out-of-memory both go on smaller.

A fit begins again; of the classes those that are done are kept.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor

from slora_core.compensators.base import Compensator, Mover, Transition
from slora_core.context import RunContext
from slora_core.errors import BudgetExceeded
from slora_core.memory.plan import Option
from slora_core.numerics.noise import Noise
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter

Result = TypeVar("Result")
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
        _let_go(ctx, refusal)
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


def fit_pairs(ctx: RunContext, compensator: Compensator, option: Option, pairs: Pairs, *, shrink: Shrink) -> Transition:
    """Fit on all pairs, as :func:`run_smaller_after_refusal` does."""
    return run_smaller_after_refusal(ctx, partial(compensator.fit, ctx, pairs), option, "fit", shrink=shrink)


def run_smaller_after_refusal(
    ctx: RunContext, work: Callable[[Option], Result], option: Option, name: str, *, shrink: Shrink
) -> Result:
    """``work(option)``; when memory is refused, again from the start with ``shrink(option)`` and a ``retry`` notice.

    Raises the refusal when there is no smaller option. No option changes a result.
    """
    while True:
        refusal: BudgetExceeded | torch.OutOfMemoryError
        try:
            return work(option)
        except (BudgetExceeded, torch.OutOfMemoryError) as refused:
            refusal = refused
        smaller = shrink(option)
        if smaller is None:
            raise refusal
        _let_go(ctx, refusal)
        ctx.notice(
            "retry",
            f"out of memory with {option.choice}; the {name} begins again with {smaller.choice}",
            reason=str(refusal),
            kept=0,
            predicted_bytes=smaller.footprint.peak_bytes(),
        )
        option = smaller


def _let_go(ctx: RunContext, refusal: BaseException) -> None:
    """Free what the refused attempt holds: its frames hold the buffers."""
    traceback.clear_frames(refusal.__traceback__)
    if ctx.device.type == "cuda":
        torch.cuda.empty_cache()


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
        mover: Mover | None = None
        try:
            with self.transition.mover(self.ctx, option, self.noise) as mover:
                self._walk(mover)
            self._settle()
        except (BudgetExceeded, torch.OutOfMemoryError) as refusal:
            self._settle()
            return refusal
        finally:
            if mover is not None:
                self.jitter.update(mover.jitter)
        return None

    def _walk(self, mover: Mover) -> None:
        size, waiting = mover.batch_classes, list(self.remaining)
        batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
        mover.expect(batches[0] if batches else [], self.state)
        for batch, following in zip(batches, [*batches[1:], []], strict=False):
            mover.expect(following, self.state)
            mover.move(batch, self.state, self.out)
            self._settle()

    def _settle(self) -> None:
        """Cross off what has been written and report it."""
        before = len(self.remaining)
        self.remaining = [index for index in self.remaining if index not in self.out.written]
        self.ctx.advance(before - len(self.remaining))
