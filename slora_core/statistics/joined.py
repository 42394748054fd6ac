"""Class states read as one, or as a part of one, without copying any."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.statistics.base import StateReader, StateWriter


class JoinedState:
    """The classes of ``first`` followed by those of ``second``, in one dimension d."""

    def __init__(self, first: StateReader, second: StateReader) -> None:
        self._first = first
        self._second = second

    @property
    def class_ids(self) -> NDArray[np.int64]:
        return np.concatenate([self._first.class_ids, self._second.class_ids])

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.concatenate([self._first.counts, self._second.counts])

    @property
    def dim(self) -> int:
        return self._first.dim

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        old = len(self._first.class_ids)
        if index < old:
            self._first.read(index, mean, covariance)
        else:
            self._second.read(index - old, mean, covariance)


class RemainingState:
    """The classes of ``state`` but for those whose ids are in ``left_out`` [K], in the same order."""

    def __init__(self, state: StateReader, left_out: NDArray[np.int64]) -> None:
        self._state = state
        self._kept = np.flatnonzero(~np.isin(state.class_ids, left_out))

    @property
    def class_ids(self) -> NDArray[np.int64]:
        return self._state.class_ids[self._kept]

    @property
    def counts(self) -> NDArray[np.int64]:
        return self._state.counts[self._kept]

    @property
    def dim(self) -> int:
        return self._state.dim

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        self._state.read(int(self._kept[index]), mean, covariance)


class FanOutWriter:
    """Writes each class to several writers, ``(writer, offset)``: class i becomes class offset + i of that writer."""

    def __init__(self, targets: list[tuple[StateWriter, int]]) -> None:
        self._targets = targets

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        for writer, offset in self._targets:
            writer.write(offset + index, mean, covariance)
