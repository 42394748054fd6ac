"""The sample loop of a batch of classes as a CUDA graph, which every later batch of that size replays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import Final

import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.numerics.graph import GraphedStep

MOST_FLOP: Final = 4e12
"""In one replay: a cancel waits for its end."""


class RecordableTransform(ABC):
    """Moves rows [m, d] in place, and can do so without asking the host for anything.

    ``row_flop`` is what moving one row computes; infinite where it cannot be recorded after all. ``doubt`` [1] float32
    on the device grows when rows moved inside :meth:`recording` are not exact; None where they always are.
    """

    row_flop: float = inf
    doubt: Tensor | None = None

    @abstractmethod
    def __call__(self, rows: Tensor) -> None: ...

    def recording(self) -> AbstractContextManager[None]:
        """Inside, calls ask the host for nothing."""
        return nullcontext()


class Recordings:
    """Recorded loops by number of classes. A loop must do the same on the same buffers whenever it is called."""

    def __init__(self, ctx: RunContext, device: torch.device) -> None:
        self._ctx = ctx
        self._device = device
        self._steps: dict[int, GraphedStep] = {}
        self._given_up = False

    def suits(self, transform: RecordableTransform, rows: int) -> bool:
        """Whether ``rows`` moved by ``transform`` can and should be recorded."""
        return not self._given_up and rows * transform.row_flop <= MOST_FLOP

    def run(self, classes: int, loop: Callable[[], None], transform: RecordableTransform) -> None:
        """Run ``loop``, or the recording of an earlier one."""
        step = self._steps.get(classes)
        if step is None:
            step = self._steps[classes] = GraphedStep(loop, self._device, self._report, warm_up_calls=1)
        with transform.recording():
            step()

    def give_up(self) -> None:
        """Suit nothing any more."""
        self._given_up = True

    def close(self) -> None:
        """Give up the recordings and the buffers that they name."""
        self._steps.clear()

    def _report(self, reason: str) -> None:
        self._given_up = True
        self._ctx.notice("no-effect", f"samples are moved without a CUDA graph: {reason}")
