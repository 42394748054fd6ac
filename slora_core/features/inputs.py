"""What is encoded: rows in batches, with a class each and what tells their content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.features.cache.keys import row_digests

NO_CLASS = -1


@dataclass(frozen=True, slots=True, eq=False)
class InputBatch:
    """``values`` [b, ...] on the host, ``labels`` [b] (-1: none), and the content's digest a row where it is cached."""

    values: Tensor
    labels: NDArray[np.int64]
    digests: Sequence[bytes] | None = field(default=None)

    def __len__(self) -> int:
        return len(self.values)


class Inputs(Protocol):
    """Rows that are read once, in order. ``count`` is at least the rows that will come; None is not known."""

    @property
    def count(self) -> int | None: ...

    def batches(self, size: int, *, digests: bool) -> Iterator[InputBatch]:
        """All rows, at most ``size`` at a time; with the digests of their content if asked for."""


class ArrayInputs:
    """Inputs [M, ...] in memory, with ``labels`` [M] or none; only ``cached`` ones are looked up."""

    def __init__(
        self, values: NDArray[np.float32] | Tensor, labels: NDArray[np.int64] | None = None, *, cached: bool = False
    ) -> None:
        self._values = torch.as_tensor(values)
        self._labels = np.full(len(values), NO_CLASS, np.int64) if labels is None else labels
        self._cached = cached

    @property
    def count(self) -> int:
        return len(self._values)

    def batches(self, size: int, *, digests: bool) -> Iterator[InputBatch]:
        for start in range(0, len(self._values), size):
            values = self._values[start : start + size]
            found = row_digests(values) if digests and self._cached else None
            yield InputBatch(values, self._labels[start : start + size], found)
