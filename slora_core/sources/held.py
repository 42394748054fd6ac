"""Pairs held whole on the compute device: what the seed does, and what progressive release avoids."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.sources.base import Pairs

BLOCK_ROWS: Final = 512


class HeldPairs:
    """Both feature sets as tensors [N, d]; implements :class:`~slora_core.sources.base.Pairs`."""

    def __init__(self, before: Tensor, after: Tensor) -> None:
        self._before = before
        self._after = after

    @classmethod
    def load(cls, ctx: RunContext, pairs: Pairs) -> HeldPairs:
        """Collect the blocks of ``pairs`` in lists, then concatenate them: twice the features live at once."""
        pieces_before: list[Tensor] = []
        pieces_after: list[Tensor] = []
        for start in range(0, pairs.count, BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, pairs.count)
            before, after = torch.empty(stop - start, pairs.dim), torch.empty(stop - start, pairs.dim)
            pairs.read(start, stop, before, after)
            pieces_before.append(before.to(ctx.device))
            pieces_after.append(after.to(ctx.device))
            ctx.advance(stop - start)
        return cls(torch.cat(pieces_before), torch.cat(pieces_after))

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
