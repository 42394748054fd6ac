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

    def begin(self, scores: Tensor, width: int) -> None:
        """Nothing kept yet in the columns from ``width`` of [rows, width + k + 1]."""

    def absorb(self, scores: Tensor, width: int, dead: int) -> None:
        """Keep the k + 1 largest of each row in the columns from ``width``; the others are spent, ``dead`` are -inf."""

    def settle(self, scores: Tensor, width: int, below: Tensor, threshold: Tensor) -> None:
        """Of the k + 1 values kept in the columns from ``width``."""


class HostSelection:
    """Partitions rows in place, or a few at a time in a scratch that stays in the cache."""

    def __init__(self, ctx: RunContext, top_k: int, scratch: Tensor | None) -> None:
        self._ctx = ctx
        self._top_k = top_k
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

    def begin(self, scores: Tensor, width: int) -> None:
        # Distinct values below any score: a partition of many equal ones takes ten times as long.
        scores[:, width:].numpy()[...] = np.linspace(-1e30, -2e30, self._top_k + 1, dtype=np.float32)

    def absorb(self, scores: Tensor, width: int, dead: int) -> None:
        values = scores.numpy()
        rows = max(1, _PARTITION_ELEMENTS // values.shape[1])
        for start in range(0, len(values), rows):
            self._ctx.checkpoint()
            values[start : start + rows, dead:].partition(width - dead, axis=1)

    def settle(self, scores: Tensor, width: int, below: Tensor, threshold: Tensor) -> None:
        below.copy_(scores[:, width : width + 1])
        torch.amin(scores[:, width + 1 :], dim=1, keepdim=True, out=threshold)


class DeviceSelection:
    """Top-k into planned buffers, without a transfer to the host."""

    def __init__(self, workspace: Workspace) -> None:
        self._largest = workspace["attention_largest"], workspace["attention_largest_index"]
        self._lowest = workspace["attention_lowest"], workspace["attention_lowest_index"]

    def whole(self, scores: Tensor, below: Tensor, threshold: Tensor) -> None:
        self._edge(self._top(scores), below, threshold)

    def begin(self, scores: Tensor, width: int) -> None:
        scores[:, width:].fill_(-torch.inf)

    def absorb(self, scores: Tensor, width: int, dead: int) -> None:
        scores[:, width:].copy_(self._top(scores))

    def settle(self, scores: Tensor, width: int, below: Tensor, threshold: Tensor) -> None:
        # The last top-k, which a view of the scores would have to be copied for.
        self._edge(self._largest[0][: len(scores)], below, threshold)

    def _top(self, scores: Tensor) -> Tensor:
        values, index = (buffer[: len(scores)] for buffer in self._largest)
        torch.topk(scores, values.shape[1], dim=1, sorted=False, out=(values, index))
        return values

    def _edge(self, values: Tensor, below: Tensor, threshold: Tensor) -> None:
        lowest, index = (buffer[: len(values)] for buffer in self._lowest)
        torch.topk(values, 2, dim=1, largest=False, sorted=True, out=(lowest, index))
        below.copy_(lowest[:, :1])
        threshold.copy_(lowest[:, 1:])


def open_selection(ctx: RunContext, workspace: Workspace, top_k: int, *, whole: bool) -> Selection:
    """The selection that the footprint of ``workspace`` was planned for; ``whole`` when rows are held whole."""
    if any(buffer.name == "attention_largest" for buffer in workspace.footprint.standing):
        return DeviceSelection(workspace)
    return HostSelection(ctx, top_k, workspace["attention_scratch"] if whole else None)
