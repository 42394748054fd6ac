"""Ties over the edge of the top k, cut without asking the host which rows have them.

A few slots take the rows with ties, whichever they are; the same operations run whether there are any or not, so that
a CUDA graph can hold them. More tied rows than slots are counted: then what was moved is not exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slora_core.compensators.attention.buffers import TIE_SLOTS
from slora_core.memory.workspace import Workspace


class TieSlots:
    """Does what :class:`~slora_core.compensators.attention.ties.Ties` does, for up to ``TIE_SLOTS`` rows of a pass.

    The slots that no tied row needs hold others, for which a cut changes nothing. ``below_ties`` takes the shift of a
    tied row strictly below its threshold. ``overflow`` [1] counts the tied rows that found no slot.
    """

    def __init__(self, workspace: Workspace, top_k: int, below_ties: float) -> None:
        self._top_k = top_k
        self._below_ties = below_ties
        self._tied, self._flags = workspace["attention_tied"], workspace["attention_slot_flags"]
        self._rows, self._flag = workspace["attention_slot_rows"], workspace["attention_slot_flag"]
        self._excess, self.overflow = workspace["attention_slot_excess"], workspace["attention_slot_overflow"]
        self._picked = workspace["attention_slot_scores"]
        self._mask, self._equal = workspace["attention_slot_mask"], workspace["attention_slot_equal"]
        self._rank = workspace["attention_slot_rank"]
        self._room, self._spent = workspace["attention_slot_room"], workspace["attention_slot_spent"]
        self._threshold, self._below = workspace["attention_slot_threshold"], workspace["attention_slot_below"]
        self._lowered, self._is_tied = workspace["attention_slot_lowered"], workspace["attention_slot_tied"]
        self.overflow.zero_()

    def open(self, scores: Tensor, below: Tensor, threshold: Tensor, rows: int) -> None:
        """Take in the tied ones of the first ``rows`` rows. ``scores`` [m, n] hold every score above the thresholds."""
        flags, tied = self._flags[: len(below)], self._tied[: len(below)]
        torch.eq(below, threshold, out=tied)
        flags.copy_(tied)
        flags[rows:].zero_()
        torch.topk(flags.view(-1), TIE_SLOTS, out=(self._flag, self._rows))
        torch.sum(flags, dim=0, out=self._excess)
        self.overflow.add_(self._excess.sub_(TIE_SLOTS).clamp_(min=0))
        torch.index_select(threshold, 0, self._rows, out=self._threshold)
        picked, mask, above, _ = self._line(scores)
        above.copy_(torch.gt(picked, self._threshold, out=mask))
        torch.sum(above, dim=1, keepdim=True, dtype=torch.int32, out=self._room)
        self._room.neg_().add_(self._top_k)
        self._lower(below)

    def cut(self, scores: Tensor) -> None:
        """Of each slot's row, set to -inf what is below the threshold or equals it beyond the room, in order."""
        picked, mask, equal, rank = self._line(scores)
        torch.lt(picked, self._threshold, out=mask)
        picked.masked_fill_(mask, -torch.inf)
        equal.copy_(torch.eq(picked, self._threshold, out=mask))
        torch.cumsum(equal, 1, out=rank)  # in place it would take memory of its own
        self._spent.copy_(rank[:, -1:])
        rank.mul_(equal)
        torch.gt(rank, self._room, out=mask)
        picked.masked_fill_(mask, -torch.inf)
        self._room.sub_(self._spent).clamp_(min=0)
        scores.index_copy_(0, self._rows, picked)

    def _lower(self, below: Tensor) -> None:
        torch.index_select(below, 0, self._rows, out=self._below)
        torch.sub(self._threshold, self._below_ties, out=self._lowered)
        torch.gt(self._flag.unsqueeze(1), 0, out=self._is_tied)
        torch.where(self._is_tied, self._lowered, self._below, out=self._below)
        below.index_copy_(0, self._rows, self._below)

    def _line(self, scores: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The slots' rows of ``scores``, and scratch of that shape: a mask, the same as numbers, and ranks."""
        shape = (TIE_SLOTS, scores.shape[1])
        size = shape[0] * shape[1]
        flats = self._picked, self._mask, self._equal, self._rank
        picked, mask, equal, rank = (flat[:size].view(shape) for flat in flats)
        torch.index_select(scores, 0, self._rows, out=picked)
        return picked, mask, equal, rank
