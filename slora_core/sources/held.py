"""Pairs held whole on the compute device: what the seed does, and what progressive release avoids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.memory.footprint import Footprint
from slora_core.memory.workspace import Workspace
from slora_core.sources.base import Pairs

BLOCK_ROWS: Final = 512
_SIDES: Final = ("before", "after")


class HeldPairs:
    """Both feature sets as tensors [N, d]; implements :class:`~slora_core.sources.base.Pairs`."""

    def __init__(self, before: Tensor, after: Tensor) -> None:
        self._before = before
        self._after = after

    @classmethod
    def load(cls, ctx: RunContext, pairs: Pairs, footprint: Footprint) -> HeldPairs:
        """Collect the blocks of ``pairs``, then bring them together: twice the features live at once.

        ``footprint`` keeps ``before`` and ``after`` [N, d] and has the pieces of both in the phase ``concatenate``.
        """
        with Workspace(footprint, ctx.device) as space:
            with space.phase("concatenate"):
                for start in range(0, pairs.count, BLOCK_ROWS):
                    stop = min(start + BLOCK_ROWS, pairs.count)
                    block = [space[f"pieces_{name}"][start:stop] for name in _SIDES]
                    _read_block(pairs, start, stop, block)
                    ctx.advance(stop - start)
                for name in _SIDES:
                    space[name].copy_(space[f"pieces_{name}"])
            before, after = (space.take(name) for name in _SIDES)
            return cls(before, after)

    @property
    def count(self) -> int:
        return self._before.shape[0]

    @property
    def dim(self) -> int:
        return self._before.shape[1]

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is not None:
                out[: stop - start].copy_(source[start:stop])

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is None:
                continue
            if source.device == out.device:
                torch.index_select(source, 0, index, out=out[: len(index)])
            else:
                out[: len(index)].copy_(source[index.to(source.device)])


def _read_block(pairs: Pairs, start: int, stop: int, block: Sequence[Tensor]) -> None:
    """Rows ``start:stop`` before and after into two tensors, through the host where these are on a device."""
    on_host = [out if out.device.type == "cpu" else torch.empty(out.shape) for out in block]
    pairs.read(start, stop, *on_host)
    for out, rows in zip(block, on_host, strict=True):
        if out is not rows:
            out.copy_(rows)
