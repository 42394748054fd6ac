"""Ties over the edge of the top k: among equal scores the keys of lowest index are kept.

The order (value, then index) is total, so the selection depends neither on tiles nor on the library. Ties are rare
in features, and rows without them cost nothing here.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slora_core.memory.workspace import Workspace


class Ties:
    """Finds rows whose k-th and (k+1)-th largest scores are equal, and cuts their surplus."""

    def __init__(self, workspace: Workspace, top_k: int) -> None:
        self._top_k = top_k
        self._tied = workspace["attention_tied"]
        self._mask = workspace["attention_mask"]
        self._rank = workspace["attention_rank"]

    def rows(self, below: Tensor, threshold: Tensor) -> list[int]:
        """Rows with a surplus, of [rows, 1] each."""
        tied = self._tied[: len(below)]
        torch.eq(below, threshold, out=tied)
        return [row for row, (flag,) in enumerate(tied.tolist()) if flag]

    def room(self, scores: Tensor, threshold: Tensor) -> int:
        """How many scores equal to ``threshold`` [1] belong to the top k, when ``scores`` [n] holds all above it."""
        above = self._mask[: len(scores)]
        torch.gt(scores, threshold, out=above)
        return self._top_k - self._count(above)

    def cut(self, scores: Tensor, threshold: Tensor, room: int) -> int:
        """Set to -inf what is below ``threshold`` or equals it beyond the first ``room``; returns the room left."""
        mask = self._mask[: len(scores)]
        torch.lt(scores, threshold, out=mask)
        scores.masked_fill_(mask, -torch.inf)
        torch.eq(scores, threshold, out=mask)
        present = self._count(mask)
        if present > room:
            rank = self._rank[: len(scores)]
            rank.mul_(mask)
            torch.gt(rank, room, out=mask)
            scores.masked_fill_(mask, -torch.inf)
        return max(0, room - present)

    def _count(self, mask: Tensor) -> int:
        """Ones of ``mask``; leaves the running count in ``rank``."""
        rank = self._rank[: len(mask)]
        rank.copy_(mask)
        rank.cumsum_(0)
        return int(rank[-1].item())
