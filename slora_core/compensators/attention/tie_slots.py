"""Ties over the edge of the top k, cut without asking the host which rows have them.

A few slots take the rows with ties, whichever they are; the same operations run whether there are any or not, so that
a CUDA graph can hold them. More tied rows than slots are counted: then what was moved is not exact.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from slora_core.compensators.attention.buffers import RANK_STEP, TIE_SLOTS
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
        self._counts, self._earlier = workspace["attention_slot_counts"], workspace["attention_slot_earlier"]
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
        picked, mask = self._line(scores)
        above = self._equal[: mask.numel()].view(mask.shape)
        above.copy_(torch.gt(picked, self._threshold, out=mask))
        torch.sum(above, dim=1, keepdim=True, dtype=torch.int32, out=self._room)
        self._room.neg_().add_(self._top_k)
        self._lower(below)

    def cut(self, scores: Tensor) -> None:
        """Of each slot's row, set to -inf what is below the threshold or equals it beyond the room, in order."""
        picked, mask = self._line(scores)
        torch.lt(picked, self._threshold, out=mask)
        picked.masked_fill_(mask, -torch.inf)
        rank = self._rank_of(torch.eq(picked, self._threshold, out=mask))
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

    def _rank_of(self, mask: Tensor) -> Tensor:
        """Of every True in ``mask`` [slots, n] how many there are up to it, else 0; their numbers into ``spent``."""
        shape = (TIE_SLOTS, -(-mask.shape[1] // RANK_STEP), RANK_STEP)
        equal, rank = (flat[: prod(shape)].view(shape) for flat in (self._equal, self._rank))
        counts, earlier = (flat[: prod(shape[:2])].view(shape[:2]) for flat in (self._counts, self._earlier))
        lines = equal.view(TIE_SLOTS, -1)
        lines[:, : mask.shape[1]].copy_(mask)
        lines[:, mask.shape[1] :].zero_()
        torch.cumsum(equal, 2, out=rank)  # in place it would take memory of its own
        counts.copy_(rank[:, :, -1])
        torch.cumsum(counts, 1, out=earlier)
        self._spent.copy_(earlier[:, -1:])
        rank.add_(earlier.sub_(counts).unsqueeze(2)).mul_(equal)
        return rank.view(TIE_SLOTS, -1)[:, : mask.shape[1]]

    def _line(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The slots' rows of ``scores``, and a mask of that shape as scratch."""
        shape = (TIE_SLOTS, scores.shape[1])
        picked, mask = (flat[: prod(shape)].view(shape) for flat in (self._picked, self._mask))
        torch.index_select(scores, 0, self._rows, out=picked)
        return picked, mask
