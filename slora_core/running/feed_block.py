"""Rows of an extraction that wait until there are enough of them to be added to sums."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Block:
    """Rows that wait, in the order in which they came; ``gone`` have left it already."""

    def __init__(self, before: Tensor | None, after: Tensor) -> None:
        self._sides = [after] if before is None else [before, after]
        self._labels = np.empty(len(after), np.int64)
        self.count = 0
        self.gone = 0

    def put(self, number: int, features: NDArray[np.float32]) -> None:
        self._sides[number][self.count : self.count + len(features)].copy_(torch.from_numpy(features))

    def settle(self, labels: NDArray[np.int64]) -> None:
        self._labels[self.count : self.count + len(labels)] = labels
        self.count += len(labels)

    def first(self, rows: int) -> Piece:
        before = self._sides[0][:rows] if len(self._sides) == 2 else None
        return Piece(before, self._sides[-1][:rows], self._labels[:rows])

    def drop(self, rows: int) -> None:
        """Move the rows behind the first ``rows`` to the front."""
        left = self.count - rows
        for side in self._sides:
            array = side.numpy()
            array[:left] = array[rows : self.count].copy()
        self._labels[:left] = self._labels[rows : self.count].copy()
        self.count, self.gone = left, self.gone + rows


class Piece:
    """Some rows of a block; implements :class:`~slora_core.sources.after_rows.LabelledPairs`."""

    def __init__(self, before: Tensor | None, after: Tensor, labels: NDArray[np.int64]) -> None:
        self.before = before
        self.after = after
        self._labels = labels
        self.count = len(after)
        self.dim = after.shape[1]

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self.before, before), (self.after, after)):
            if out is not None:
                if source is None:
                    raise ValueError("rows of one model have no other side")
                out[: stop - start].copy_(source[start:stop])

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        raise NotImplementedError("rows that come once are read in their order")

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._labels[start:stop]
