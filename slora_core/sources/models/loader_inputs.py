"""Batches of a data loader, whatever it yields: tuples, dictionaries or tensors become inputs and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.features.cache.keys import row_digests
from slora_core.features.inputs import NO_CLASS, InputBatch

INPUT_KEYS: Final = ("pixel_values", "inputs", "input", "images", "image", "x")
LABEL_KEYS: Final = ("labels", "label", "targets", "target", "y")
_EXPECTED: Final = (
    "expected (inputs, labels), (index, inputs, labels), a dictionary with"
    f" {' or '.join(repr(key) for key in INPUT_KEYS[:3])} and {' or '.join(repr(key) for key in LABEL_KEYS[:3])}"
)


class LoaderInputs:
    """The rows of ``loader`` in its order, at most ``limit``; ``origin`` ("the data loader") begins the messages.

    Without ``labelled`` rows have no class, whatever the loader says. Only ``cached`` rows are known by their content.
    The loader is iterated over once; :meth:`peek` looks at its first batch, which is not lost.
    """

    def __init__(
        self, loader: Iterable[Any], origin: str, *, labelled: bool, limit: int | None = None, cached: bool = False
    ) -> None:
        self._loader = loader
        self._origin = origin
        self._labelled = labelled
        self._limit = limit
        self._cached = cached
        self._items: Iterator[Any] | None = None

    @property
    def count(self) -> int | None:
        """What the loader's data set says; None for one that does not."""
        try:
            size = len(self._loader.dataset)  # type: ignore[attr-defined]
        except (AttributeError, TypeError):
            return None
        return size if self._limit is None else min(size, self._limit)

    def peek(self) -> Tensor:
        """Inputs of the first batch. Raises InputError when there is none."""
        items = iter(self._loader)
        try:
            first = next(items)
        except StopIteration:
            raise InputError(f"{self._origin} is empty; expected at least one batch") from None
        self._items = chain([first], items)
        return self._unpacked(first, 0)[0]

    def batches(self, size: int, *, digests: bool) -> Iterator[InputBatch]:
        items = self._items if self._items is not None else iter(self._loader)
        self._items = None
        rows = 0
        for number, item in enumerate(items):
            values, labels = self._unpacked(item, number)
            if self._limit is not None:
                values, labels = values[: self._limit - rows], labels[: self._limit - rows]
            rows += len(values)
            for start in range(0, len(values), size):
                part = values[start : start + size]
                found = row_digests(part) if digests and self._cached else None
                yield InputBatch(part, labels[start : start + size], found)
            if self._limit is not None and rows >= self._limit:
                return

    def _unpacked(self, item: Any, number: int) -> tuple[Tensor, NDArray[np.int64]]:
        values, given = _split(item)
        if values is None:
            raise InputError(f"{self._origin}: batch {number} is {_described(item)}; {_EXPECTED}")
        values = values.detach()
        if not self._labelled:
            return values, np.full(len(values), NO_CLASS, np.int64)
        if given is None:
            raise InputError(f"{self._origin}: batch {number} is {_described(item)} without labels; {_EXPECTED}")
        labels = _integers(given)
        if labels is None or labels.shape != (len(values),):
            raise InputError(
                f"{self._origin}: batch {number} has {len(values)} inputs and labels that are {_described(given)};"
                " expected one whole number an input"
            )
        if len(labels) and int(labels.min()) < NO_CLASS:
            raise InputError(
                f"{self._origin}: batch {number} holds label {int(labels.min())}; expected 0 or more, or -1 for a row"
                " without a class"
            )
        return values, labels


def _split(item: Any) -> tuple[Tensor | None, Any]:
    """Inputs and labels of a batch: by name, else the first tensor of floats, and the first whole numbers after it."""
    if isinstance(item, Mapping):
        values = next((item[key] for key in INPUT_KEYS if isinstance(item.get(key), Tensor)), None)
        return values, next((item[key] for key in LABEL_KEYS if key in item), None)
    if isinstance(item, Tensor):
        return (item if item.ndim > 1 else None), None
    if isinstance(item, Sequence) and not isinstance(item, str):
        parts = list(item)
        for position, part in enumerate(parts):
            if isinstance(part, Tensor) and part.is_floating_point() and part.ndim > 1:
                after = parts[position + 1 :]
                return part, next((given for given in after if _labels_like(given)), after[0] if after else None)
    return None, None


def _labels_like(given: Any) -> bool:
    """Whether this can be the labels of a batch, and no second view of the inputs, names or weights."""
    try:
        labels = _integers(given)
    except (TypeError, ValueError):
        return False
    return labels is not None and labels.ndim == 1


def _integers(given: Any) -> NDArray[np.int64] | None:
    """Whole numbers [b] as int64; None for anything else."""
    values = given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
    return values.astype(np.int64) if values.dtype.kind in "iu" else None


def _described(item: Any) -> str:
    if isinstance(item, Tensor):
        return f"a tensor {list(item.shape)} of {str(item.dtype).removeprefix('torch.')}"
    if isinstance(item, Mapping):
        return f"a dictionary with the keys {', '.join(map(repr, item))}"
    if isinstance(item, (tuple, list)):
        return f"a {type(item).__name__} of {len(item)} ({', '.join(type(part).__name__ for part in item[:4])})"
    return f"a {type(item).__name__}"


def repeated(rows: Tensor, count: int) -> Tensor:
    """``count`` rows from those of ``rows``, again and again."""
    return rows[torch.arange(count) % len(rows)]
