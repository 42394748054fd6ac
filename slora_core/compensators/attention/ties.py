"""Ties over the edge of the top k: among equal scores the keys of lowest index are kept.

The order (value, then index) is total, so the selection depends neither on tiles nor on the library. Ties are rare
in features, and rows without them cost nothing here.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slora_core.memory.workspace import Workspace


class Ties:
    """Finds rows whose k-th and (k+1)-th largest scores are equal, and cuts their surplus, without leaving the device.

    ``room`` [1] of a row is how many more scores equal to its ``threshold`` [1] belong to the top k.
    """

    def __init__(self, workspace: Workspace, top_k: int) -> None:
        self._top_k = top_k
        self._tied = workspace["attention_tied"]
        self._mask = workspace["attention_mask"]
        self._rank = workspace["attention_rank"]
        self._room = workspace["attention_room"]
        self._spent = workspace["attention_spent"]

    def rows(self, below: Tensor, threshold: Tensor) -> list[int]:
        """Rows with a surplus, of [rows, 1] each."""
        tied = self._tied[: len(below)]
        torch.eq(below, threshold, out=tied)
        return [row for row, (flag,) in enumerate(tied.tolist()) if flag]

    def open(self, row: int, scores: Tensor, threshold: Tensor) -> None:
        """Set the room of ``row`` from ``scores`` [n], which hold every score above its threshold."""
        above = self._mask[: len(scores)]
        torch.gt(scores, threshold, out=above)
        count = self._running_count(above)[-1:]
        self._room[row].fill_(self._top_k).sub_(count)

    def cut(self, row: int, scores: Tensor, threshold: Tensor) -> None:
        """Set to -inf what is below the threshold or equals it beyond the room; the room is used up in order."""
        mask, room = self._mask[: len(scores)], self._room[row]
        torch.lt(scores, threshold, out=mask)
        scores.masked_fill_(mask, -torch.inf)
        torch.eq(scores, threshold, out=mask)
        rank = self._running_count(mask)
        self._spent.copy_(rank[-1:])
        rank.mul_(mask)
        torch.gt(rank, room, out=mask)
        scores.masked_fill_(mask, -torch.inf)
        room.sub_(self._spent).clamp_(min=0)

    def _running_count(self, mask: Tensor) -> Tensor:
        rank = self._rank[: len(mask)]
        rank.copy_(mask)
        return rank.cumsum_(0)
