"""The shape in which class statistics are read and written: one class at a time."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@runtime_checkable
class StateReader(Protocol):
    """C classes with float32 mean [d] and covariance [d, d]. ``read`` fills CPU buffers in place."""

    @property
    def class_ids(self) -> NDArray[np.int64]: ...

    @property
    def counts(self) -> NDArray[np.int64]: ...

    @property
    def dim(self) -> int: ...

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        """Class number ``index`` (0..C-1, not its id) into the buffers."""


class StateWriter(Protocol):
    """Receives moved classes in any order; each index once."""

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        """CPU float32 mean [d] and covariance [d, d] of class number ``index``; copied before returning."""
