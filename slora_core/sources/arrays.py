"""Pairs and labelled rows in memory: the caller's own arrays or tensors."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.sources.array_specs import FLOAT_BYTES
from slora_core.sources.file_info import AFTER, BEFORE, FEATURES, LABELS, check_pair_shapes
from slora_core.sources.labels import MOST_ID

_ORIGIN = "the pairs"
_ROWS = "the rows"


class ArrayPairs:
    """N pairs from arrays, lists or CPU tensors [N, d] of floats, with optional integer labels [N] (-1: unlabelled).

    Contiguous float32 is used where it is; anything else is converted once. Raises InputError.
    """

    def __init__(
        self,
        before: ArrayLike | Tensor,
        after: ArrayLike | Tensor,
        labels: ArrayLike | Tensor | None = None,
    ) -> None:
        self._labels = None if labels is None else _checked_labels(labels)
        self._before = _as_tensor(BEFORE, before)
        self._after = _as_tensor(AFTER, after)
        label_shape = None if self._labels is None else self._labels.shape
        check_pair_shapes(_ORIGIN, tuple(self._before.shape), tuple(self._after.shape), label_shape)

    @property
    def count(self) -> int:
        return self._before.shape[0]

    @property
    def dim(self) -> int:
        return self._before.shape[1]

    @property
    def has_labels(self) -> bool:
        return self._labels is not None

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is not None:
                out[: stop - start].copy_(source[start:stop])

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is not None:
                torch.index_select(source, 0, index, out=out[: index.shape[0]])

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        """Labels of rows ``start:stop``. Raises InputError when there are none."""
        if self._labels is None:
            raise InputError(f"{_ORIGIN} have no labels; expected labels [N]")
        return self._labels[start:stop]


class ArrayRows:
    """M >= 1 rows from an array, a list or a CPU tensor [M, d] of floats with integer labels [M] (-1: unlabelled).

    A :class:`~slora_core.sources.rounds.LabelledRows`. Raises InputError.
    """

    def __init__(self, features: ArrayLike | Tensor, labels: ArrayLike | Tensor) -> None:
        self._labels = _checked_labels(labels, _ROWS)
        self._features = _as_tensor(FEATURES, features, _ROWS)
        shape, labelled = list(self._features.shape), list(self._labels.shape)
        if len(shape) != 2 or 0 in shape:
            raise InputError(f"{_ROWS}: {FEATURES} has shape {shape}; expected [M, d] with at least one row and column")
        if labelled != shape[:1]:
            raise InputError(f"{_ROWS}: {LABELS} has shape {labelled}; expected [{shape[0]}], one label a row")
        self.count, self.dim = shape

    def read(self, start: int, stop: int, out: Tensor) -> None:
        out[: stop - start].copy_(self._features[start:stop])

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._labels[start:stop]


def _as_tensor(key: str, given: ArrayLike | Tensor, origin: str = _ORIGIN) -> Tensor:
    try:
        values = given if isinstance(given, Tensor) else np.asarray(given)
    except ValueError as error:
        raise InputError(f"{origin}: {key} is not an array: {error}") from None
    name = str(values.dtype).removeprefix("torch.") if isinstance(values, Tensor) else values.dtype.name
    if name not in FLOAT_BYTES:
        raise InputError(f"{origin}: {key} has dtype {name}; expected one of {', '.join(FLOAT_BYTES)}")
    if isinstance(values, Tensor):
        if values.device.type != "cpu":
            raise InputError(f"{origin}: {key} lies on {values.device}; expected a tensor on the CPU")
        return values.detach().to(torch.float32).contiguous()
    rows = np.ascontiguousarray(values, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(rows)


def _checked_labels(labels: ArrayLike | Tensor, origin: str = _ORIGIN) -> NDArray[np.int64]:
    values = labels.numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if values.dtype.kind not in "iu":
        raise InputError(f"{origin}: {LABELS} has dtype {values.dtype}; expected integers")
    if values.dtype == np.uint64 and values.size and (largest := int(values.max())) > MOST_ID:
        raise InputError(f"{origin}: {LABELS} hold {largest}; expected at most {MOST_ID}")
    return values.astype(np.int64, copy=False)
