"""Class statistics in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.statistics.checks import check_class, check_classes
from slora_core.wording import counted

_ORIGIN = "the class state"


@dataclass(frozen=True, slots=True, eq=False)
class ClassState:
    """C classes: ids [C] and sample counts [C] (int64), means [C, d] and covariances [C, d, d] (float32)."""

    class_ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    means: NDArray[np.float32]
    covariances: NDArray[np.float32]

    @classmethod
    def from_arrays(
        cls, class_ids: ArrayLike, counts: ArrayLike, means: ArrayLike, covariances: ArrayLike
    ) -> ClassState:
        """Check and convert.

        Raises InputError: shapes that disagree, repeated ids, counts below 1, values not finite or not symmetric.
        """
        ids, sizes = _integers("class ids", class_ids), _integers("counts", counts)
        mean = np.ascontiguousarray(means, dtype=np.float32)
        covariance = np.ascontiguousarray(covariances, dtype=np.float32)
        check_classes(_ORIGIN, ids, sizes)
        if mean.ndim != 2 or mean.shape[0] != len(ids) or mean.shape[1] < 1:
            raise InputError(f"{_ORIGIN}: means have shape {list(mean.shape)}; expected [{len(ids)}, d]")
        expected = (len(ids), mean.shape[1], mean.shape[1])
        if covariance.shape != expected:
            raise InputError(f"{_ORIGIN}: covariances have shape {list(covariance.shape)}; expected {list(expected)}")
        for index, class_id in enumerate(ids):
            check_class(_ORIGIN, int(class_id), mean[index], covariance[index])
        return cls(ids, sizes, mean, covariance)

    def __repr__(self) -> str:
        return f"<ClassState of {counted(len(self.class_ids), 'class', 'classes')}, d = {self.dim}>"

    @property
    def dim(self) -> int:
        return int(self.means.shape[1])

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        """Class number ``index`` (0..C-1, not its id) into the buffers."""
        if mean is not None:
            mean.numpy()[...] = self.means[index]
        if covariance is not None:
            covariance.numpy()[...] = self.covariances[index]

    def merged_with(self, other: ClassState) -> ClassState:
        """These classes, then the other's. Raises InputError when ids repeat or d differs."""
        if other.dim != self.dim:
            raise InputError(
                f"class states of d = {self.dim} and d = {other.dim} cannot be joined; expected the same d"
            )
        ids = np.concatenate([self.class_ids, other.class_ids])
        counts = np.concatenate([self.counts, other.counts])
        check_classes(_ORIGIN, ids, counts)
        return ClassState(
            ids,
            counts,
            np.concatenate([self.means, other.means]),
            np.concatenate([self.covariances, other.covariances]),
        )


class StateBuilder:
    """A :class:`~slora_core.statistics.base.StateWriter` in memory."""

    def __init__(self, class_ids: NDArray[np.int64], counts: NDArray[np.int64], dim: int) -> None:
        self._ids, self._counts = class_ids.copy(), counts.copy()
        self._means = np.zeros((len(class_ids), dim), np.float32)
        self._covariances = np.zeros((len(class_ids), dim, dim), np.float32)
        self._missing = set(range(len(class_ids)))

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        self._means[index] = mean.numpy()
        self._covariances[index] = covariance.numpy()
        self._missing.discard(index)

    def finish(self) -> ClassState:
        """The state. Raises ValueError while classes are missing."""
        if self._missing:
            raise ValueError(f"classes number {sorted(self._missing)} were not written")
        return ClassState(self._ids, self._counts, self._means, self._covariances)


def _integers(name: str, values: Any) -> NDArray[np.int64]:
    array = np.atleast_1d(np.asarray(values))
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise InputError(
            f"{_ORIGIN}: {name} have dtype {array.dtype} and shape {list(array.shape)}; expected integers [C]"
        )
    return array.astype(np.int64)
