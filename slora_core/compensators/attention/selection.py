"""Exact selection: of every row of scores the k-th and the (k+1)-th largest value.

A score above the second is selected; the two are equal only when ties reach over the edge (``ties``). The host
partitions rows with NumPy, three times as fast as a top-k there; a device takes a top-k. Both find the same values.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace

_PARTITION_ELEMENTS: Final = 2**22
"""Partitioned between two looks at the cancel token: some 10 ms."""


class Selection(Protocol):
    """``threshold`` [rows, 1] receives the k-th largest values, ``below`` [rows, 1] the (k+1)-th."""

    def whole(self, scores: Tensor, below: Tensor, threshold: Tensor) -> None:
        """Of rows held whole, [rows, n]; they are left as they are."""

    def begin(self, rows: int) -> None:
        """Nothing kept yet of any row; tiles of scores follow."""

    def absorb(self, scores: Tensor, dead: int) -> None:
        """Keep the k + 1 largest so far of each row. The tile [rows, w], whose first ``dead`` are -inf, is spent."""

    def kept(self, rows: int) -> Tensor:
        """The k + 1 values kept of each row, [rows, k + 1], in any order."""

    def settle(self, below: Tensor, threshold: Tensor) -> None:
        """Of the values kept."""


class HostSelection:
    """Partitions rows in place, or a few at a time in a scratch that stays in the cache.

    What is kept of tiles lies in the last columns of ``scores`` [rows, width + k + 1], beside the tile.
    """

    def __init__(self, ctx: RunContext, top_k: int, scores: Tensor, scratch: Tensor | None) -> None:
        self._ctx = ctx
        self._top_k = top_k
        self._scores = scores
        self._scratch = scratch

    def whole(self, scores: Tensor, below: Tensor, threshold: Tensor) -> None:
        if self._scratch is None:
            raise ValueError("a selection of whole rows needs a scratch")
        values, edges, nexts = scores.numpy(), threshold.numpy(), below.numpy()
        scratch = self._scratch.numpy()
        next_largest = scores.shape[1] - self._top_k - 1
        for start in range(0, len(values), len(scratch)):
            self._ctx.checkpoint()
            block = values[start : start + len(scratch)]
            lines = scratch[: len(block)]
            lines[:] = block
            lines.partition(next_largest, axis=1)
            nexts[start : start + len(block), 0] = lines[:, next_largest]
            lines[:, next_largest + 1 :].min(axis=1, out=edges[start : start + len(block), 0])

    def begin(self, rows: int) -> None:
        # Distinct values below any score: a partition of many equal ones takes ten times as long.
        self.kept(rows).numpy()[...] = np.linspace(-1e30, -2e30, self._top_k + 1, dtype=np.float32)

    def absorb(self, scores: Tensor, dead: int) -> None:
        values, edge = self._scores[: len(scores)].numpy(), scores.shape[1] - dead
        rows = max(1, _PARTITION_ELEMENTS // values.shape[1])
        for start in range(0, len(values), rows):
            self._ctx.checkpoint()
            values[start : start + rows, dead:].partition(edge, axis=1)

    def kept(self, rows: int) -> Tensor:
        return self._scores[:rows, self._scores.shape[1] - self._top_k - 1 :]

    def settle(self, below: Tensor, threshold: Tensor) -> None:
        kept = self.kept(len(below))
        below.copy_(kept[:, :1])
        torch.amin(kept[:, 1:], dim=1, keepdim=True, out=threshold)


class DeviceSelection:
    """Top-k into planned buffers, without a transfer to the host.

    Of tiles, a few rows at a time are put beside what is kept of them, so that the indices, which nobody reads, are
    few.
    """

    def __init__(self, workspace: Workspace, top_k: int, *, whole: bool) -> None:
        self._top_k = top_k
        self._largest, self._index = workspace["attention_largest"], workspace["attention_largest_index"]
        self._lowest_index = workspace["attention_lowest_index"]
        self._line = None if whole else workspace["attention_line"]

    def whole(self, scores: Tensor, below: Tensor, threshold: Tensor) -> None:
        values = self.kept(len(scores))
        for strip in self._strips(len(scores)):
            out = values[strip], self._index[: strip.stop - strip.start]
            torch.topk(scores[strip], self._top_k + 1, dim=1, sorted=False, out=out)
        self._edge(values, below, threshold)

    def begin(self, rows: int) -> None:
        self.kept(rows).fill_(-torch.inf)

    def absorb(self, scores: Tensor, dead: int) -> None:
        assert self._line is not None
        width = scores.shape[1]
        for strip in self._strips(len(scores)):
            tile, kept = scores[strip], self._largest[strip]
            line, index = self._line[: len(tile)], self._index[: len(tile)]
            line[:, :width].copy_(tile)
            line[:, width:].copy_(kept)
            torch.topk(line, self._top_k + 1, dim=1, sorted=False, out=(kept, index))

    def kept(self, rows: int) -> Tensor:
        return self._largest[:rows]

    def settle(self, below: Tensor, threshold: Tensor) -> None:
        self._edge(self.kept(len(below)), below, threshold)

    def _edge(self, values: Tensor, below: Tensor, threshold: Tensor) -> None:
        """The smallest value, and the smallest of the others."""
        index = self._lowest_index[: len(values)]
        torch.min(values, dim=1, keepdim=True, out=(below, index))
        values.scatter_(1, index, torch.inf)
        torch.amin(values, dim=1, keepdim=True, out=threshold)
        values.scatter_(1, index, below)

    def _strips(self, rows: int) -> list[slice]:
        step = len(self._index)
        return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def open_selection(ctx: RunContext, workspace: Workspace, top_k: int, *, whole: bool) -> Selection:
    """The selection that the footprint of ``workspace`` was planned for; ``whole`` when rows are held whole."""
    if workspace.footprint.holds("attention_largest"):
        return DeviceSelection(workspace, top_k, whole=whole)
    return HostSelection(ctx, top_k, workspace["attention_scores"], workspace["attention_scratch"] if whole else None)
