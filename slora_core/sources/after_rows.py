"""The rows after the task as labelled rows: what the statistics of new classes are taken from."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.sources.base import Pairs


class LabelledPairs(Pairs, Protocol):
    """Pairs with one label a row; -1 for rows without a class."""

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]: ...


class AfterRows:
    """The ``after`` side of labelled pairs; a :class:`~slora_core.sources.rounds.LabelledRows`."""

    def __init__(self, pairs: LabelledPairs) -> None:
        self._pairs = pairs
        self.count = pairs.count
        self.dim = pairs.dim

    def read(self, start: int, stop: int, out: Tensor) -> None:
        """Rows ``start:stop`` into the float32 CPU buffer ``out[: stop - start]``."""
        self._pairs.read(start, stop, None, out)

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._pairs.read_labels(start, stop)
