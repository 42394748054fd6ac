"""Attention over the drift of the pairs: weighted drift and weight of every query, in three forms with one result.

For a query q of cosines s_i with the keys: w = softmax(s / tau) over the k largest s_i, and q' = q + sum_i w_i drift_i
(HopDC, arXiv 2602.00144).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from slora_core.compensators.attention import softmax
from slora_core.compensators.attention.choice import ROW_STEP, Form
from slora_core.compensators.attention.keys import Keys
from slora_core.compensators.attention.selection import open_selection
from slora_core.compensators.attention.tie_slots import TieSlots
from slora_core.compensators.attention.ties import Ties
from slora_core.compensators.recordings import RecordableTransform
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.rows import normalise_rows
from slora_core.numerics.tiles import Tile, round_up


class AttentionDrift(RecordableTransform):
    """Adds the attention's drift to rows, in place. ``top_k`` None means all keys.

    While it is recorded, ties are cut in slots on the device; else the host is asked which rows have them.
    """

    def __init__(
        self,
        ctx: RunContext,
        workspace: Workspace,
        keys: Keys,
        *,
        top_k: int | None,
        temperature: float,
        least_rows: int = ROW_STEP,
    ) -> None:
        self._ctx = ctx
        self._least_rows = least_rows
        self._keys = keys
        self._tiling = keys.tiling
        self._temperature = temperature
        self._wide = not softmax.spans_safely(temperature)
        self._query = workspace["attention_query"]
        self._scores = workspace["attention_scores"]
        self._norm, self._below, self._top, self._total = (
            workspace[f"attention_{name}"] for name in ("norm", "below", "top", "total")
        )
        self._top_k = top_k
        self._recording = False
        self._slots: TieSlots | None = None
        if top_k is not None:
            whole = not isinstance(self, TiledScores)
            self._selection = open_selection(ctx, workspace, top_k, whole=whole)
            self._ties = Ties(workspace, top_k)
            self._threshold = workspace["attention_threshold"]
            if workspace.footprint.holds("attention_slot_rows"):
                self._slots = TieSlots(workspace, top_k, softmax.below_ties(temperature))
                self.doubt = self._slots.overflow
        if keys.on_device and (self._slots is not None or top_k is None):
            self.row_flop = 6.0 * self._tiling.length * self._query.shape[1]
        self._take(workspace)

    def _take(self, workspace: Workspace) -> None:
        """Name the buffers that only this form has."""

    def __call__(self, x: Tensor) -> None:
        """Move the rows ``x`` [m, d]."""
        rows = len(x)
        padded = max(round_up(rows, ROW_STEP), min(self._least_rows, len(self._query)))
        query = self._query[:padded]
        query[rows:].zero_()
        normalise_rows(x, self._norm[:rows], query[:rows])
        query.mul_(softmax.score_scale(self._temperature))
        if self._recording:
            self._keys.restart()
        drift, weight = self._attend(query, rows)
        drift.div_(weight)
        x.add_(drift[:rows])
        if self._recording:
            self._keys.close()

    @contextmanager
    def recording(self) -> Iterator[None]:
        self._recording = True
        try:
            yield
        finally:
            self._recording = False
            self._keys.restart()

    @abstractmethod
    def _attend(self, query: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Weighted drift [padded, d] and weight [padded, 1] of scaled queries, of which ``rows`` matter."""

    def _score(self, query: Tensor, keys: Tensor, out: Tensor) -> None:
        self._ctx.checkpoint()
        torch.mm(query, keys.t(), out=out)

    def _lower(self, row: int) -> None:
        """Put the shift of a row whose ties are cut strictly below its threshold."""
        torch.sub(self._threshold[row], softmax.below_ties(self._temperature), out=self._below[row])


class WholeScores(AttentionDrift):
    """The scores of all keys side by side [rows, N]: computed once."""

    def _attend(self, query: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        scores, total = self._scores[: len(query)], self._total[: len(query)]
        for tile in self._tiling.tiles():
            self._score(query, self._keys.keys(tile), scores[:, tile.start : tile.start + self._tiling.width])
        scores[:, : self._tiling.padding].fill_(-torch.inf)
        self._weigh(scores, rows)
        torch.sum(scores, dim=1, keepdim=True, out=total)
        return self._sum_drift(scores, query), total

    def _weigh(self, scores: Tensor, rows: int) -> None:
        below, top = self._below[: len(scores)], self._top[: len(scores)]
        if self._wide:
            torch.amax(scores, dim=1, keepdim=True, out=top)
        if self._top_k is None:
            if self._wide:
                below.copy_(top)
            else:
                below.fill_(softmax.score_scale(self._temperature))
            softmax.weigh_all(scores, below)
            return
        threshold = self._threshold[: len(scores)]
        self._selection.whole(scores, below, threshold)
        if self._recording and self._slots is not None:
            self._slots.open(scores, below, threshold, rows)
            self._slots.cut(scores)
        else:
            for row in self._ties.rows(below[:rows], threshold[:rows]):
                self._ctx.checkpoint()
                self._ties.open(row, scores[row], threshold[row])
                self._ties.cut(row, scores[row], threshold[row])
                self._lower(row)
        if self._wide:
            top.sub_(below)
        softmax.weigh_selected(scores, below, top if self._wide else None)

    def _sum_drift(self, weights: Tensor, out: Tensor) -> Tensor:
        """Into the memory of the spent queries."""
        out.zero_()
        for tile in self._tiling.tiles():
            self._ctx.checkpoint()
            live = slice(tile.start + tile.dead, tile.start + self._tiling.width)
            out.addmm_(weights[:, live], self._keys.drift(tile)[tile.dead :])
        return out


class MaterialisedProduct(WholeScores):
    """The seed's form: weights [chunk, N, 1] times drift [1, N, d] as one tensor [chunk, N, d], then its sum.

    On a device the sum is a product with ones, because a sum along the middle axis takes scratch there (reduction over
    several blocks, aten/src/ATen/native/cuda/Reduce.cuh): up to 230 MiB on an H200.
    """

    def _take(self, workspace: Workspace) -> None:
        self._product = workspace["attention_product"]
        has_ones = workspace.footprint.holds("attention_ones")
        self._ones = workspace["attention_ones"].fill_(1.0) if has_ones else None

    def _sum_drift(self, weights: Tensor, out: Tensor) -> Tensor:
        product = self._product[: len(weights)]
        drift = self._keys.drift(Tile(0, 0))
        for row in range(len(weights)):
            self._ctx.checkpoint()
            torch.mul(weights[row].unsqueeze(1), drift, out=product[row])
        if self._ones is None:
            torch.sum(product, dim=1, out=out)
        else:
            torch.bmm(self._ones.expand(len(product), 1, -1), product, out=out.unsqueeze(1))
        return out


class TiledScores(AttentionDrift):
    """The scores of one tile of keys [rows, w] at a time: a first pass finds what is selected, a second weighs it.

    Both passes compute a score by a product of the same shape, hence the same bits.
    """

    def _take(self, workspace: Workspace) -> None:
        self._moved = workspace["attention_moved"]
        self._part = workspace["attention_part"]

    def _attend(self, query: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        count, weights = len(query), self._scores[: len(query), : self._tiling.width]
        tied = self._select(query, weights, rows) if self._top_k is not None else []
        if self._top_k is None:
            self._find_shift(query, weights)
        moved, total, part = self._moved[:count], self._total[:count], self._part[:count]
        moved.zero_()
        total.zero_()
        for tile in self._tiling.tiles():
            keys_then_drift = self._keys.keys_and_drift(tile)
            self._score_tile(query, next(keys_then_drift), tile, weights)
            self._weigh(weights, tied)
            torch.sum(weights, dim=1, keepdim=True, out=part)
            total.add_(part)
            self._ctx.checkpoint()
            moved.addmm_(weights, next(keys_then_drift))
        return moved, total

    def _score_tile(self, query: Tensor, keys: Tensor, tile: Tile, out: Tensor) -> None:
        self._score(query, keys, out)
        if tile.dead:
            out[:, : tile.dead].fill_(-torch.inf)

    def _select(self, query: Tensor, scores: Tensor, rows: int) -> list[int]:
        """First pass: shift, threshold and largest score; returns the rows with a surplus of ties."""
        count = len(query)
        self._selection.begin(count)
        for tile in self._tiling.tiles():
            self._score_tile(query, self._keys.keys(tile), tile, scores)
            self._selection.absorb(scores, tile.dead)
        below, threshold, top = self._below[:count], self._threshold[:count], self._top[:count]
        self._selection.settle(below, threshold)
        kept, tied = self._selection.kept(count), []
        if self._recording and self._slots is not None:
            self._slots.open(kept, below, threshold, rows)
        else:
            tied = self._ties.rows(below[:rows], threshold[:rows])
            for row in tied:
                self._ties.open(row, kept[row], threshold[row])
                self._lower(row)
        if self._wide:
            torch.amax(kept, dim=1, keepdim=True, out=top)
            top.sub_(below)
        return tied

    def _find_shift(self, query: Tensor, scores: Tensor) -> None:
        """Without selection: the largest score, where a bound on the cosine does not do."""
        below, part = self._below[: len(query)], self._part[: len(query)]
        if not self._wide:
            below.fill_(softmax.score_scale(self._temperature))
            return
        below.fill_(-torch.inf)
        for tile in self._tiling.tiles():
            self._score_tile(query, self._keys.keys(tile), tile, scores)
            torch.amax(scores, dim=1, keepdim=True, out=part)
            torch.maximum(below, part, out=below)

    def _weigh(self, scores: Tensor, tied: list[int]) -> None:
        below, top = self._below[: len(scores)], self._top[: len(scores)]
        if self._top_k is None:
            softmax.weigh_all(scores, below)
            return
        if self._recording and self._slots is not None:
            self._slots.cut(scores)
        for row in tied:
            self._ctx.checkpoint()
            self._ties.cut(row, scores[row], self._threshold[row])
        softmax.weigh_selected(scores, below, top if self._wide else None)


FORMS: dict[Form, type[AttentionDrift]] = {
    "rows": WholeScores,
    "tiles": TiledScores,
    "materialised": MaterialisedProduct,
}
