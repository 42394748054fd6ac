"""Class statistics as dictionaries by class id, and as the engine reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.compat.gaussian import GaussianStatistics
from slora_core.errors import InputError
from slora_core.statistics.state import ClassState


class VariantState:
    """The classes of one variant in ascending order of id; a :class:`~slora_core.statistics.base.StateReader`.

    Reads what the dictionary holds, so that statistics which the caller has replaced (from a checkpoint, say) count.
    """

    def __init__(self, statistics: Mapping[int, GaussianStatistics], counts: Mapping[int, int]) -> None:
        self._statistics = [statistics[number] for number in sorted(statistics)]
        self.class_ids: NDArray[np.int64] = np.array(sorted(statistics), np.int64)
        self.counts: NDArray[np.int64] = np.array([counts.get(number, 1) for number in sorted(statistics)], np.int64)
        dims = {len(item.mean) for item in self._statistics}
        if len(dims) != 1:
            raise InputError(f"the statistics of the classes have d = {sorted(dims)}; expected the same d")
        self.dim = dims.pop()

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        """Class number ``index`` (0..C-1, not its id) into the buffers."""
        if mean is not None:
            mean.copy_(self._statistics[index].mean)
        if covariance is not None:
            covariance.copy_(self._statistics[index].cov)


def as_statistics(state: ClassState, reg: float) -> dict[int, GaussianStatistics]:
    """Statistics by class id; they share the memory of ``state``."""
    return {
        int(number): GaussianStatistics(torch.from_numpy(state.means[i]), torch.from_numpy(state.covariances[i]), reg)
        for i, number in enumerate(state.class_ids)
    }
