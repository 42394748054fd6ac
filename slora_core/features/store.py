"""Extracted rows in scratch files: appended as they come, read memory-mapped; they take no engine memory."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.sources.after_rows import AfterRows
from slora_core.sources.array_specs import ArraySpec
from slora_core.sources.mapped_array import MappedArray


class FeatureFiles:
    """One file of float32 rows a model, ``<name>-<number>.f32`` in ``folder``; a context manager."""

    def __init__(self, folder: Path, name: str, models: int) -> None:
        self._paths = [folder / f"{name}-{number}.f32" for number in range(models)]
        self._open = ExitStack()
        self._files = [self._open.enter_context(path.open("wb")) for path in self._paths]
        self._dim = 0

    @property
    def dim(self) -> int:
        """Features of the rows so far; 0 before the first."""
        return self._dim

    def append(self, number: int, row: int, features: NDArray[np.float32]) -> None:
        """The sink of an extraction; the rows of a model come in order."""
        self._dim = features.shape[1]
        self._files[number].write(np.ascontiguousarray(features, np.float32).data)

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> FeatureFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def finish(self, labels: NDArray[np.int64]) -> FinishedFiles:
        """Nothing more will come; ``labels`` [N] are those of the rows."""
        self.close()
        return FinishedFiles(tuple(self._paths), self._dim, labels)


@dataclass(frozen=True, slots=True, eq=False)
class FinishedFiles:
    """Rows [N, ``dim``] of float32, one file a model, and their ``labels`` [N] (-1: none)."""

    paths: tuple[Path, ...]
    dim: int
    labels: NDArray[np.int64]

    def as_pairs(self) -> StoredPairs:
        """Of two models."""
        before, after = self._mapped()
        return StoredPairs(before, after, self.labels)

    def as_rows(self) -> StoredRows:
        """Of one model."""
        (rows,) = self._mapped()
        return StoredRows(rows, self.labels)

    def remove(self) -> None:
        for path in self.paths:
            path.unlink(missing_ok=True)

    def _mapped(self) -> list[MappedArray]:
        shape = (len(self.labels), self.dim)
        specs = [ArraySpec(path, path.stem, "float32", shape, 0) for path in self.paths]
        return [MappedArray(spec, spec.path.parent) for spec in specs]


class StoredPairs:
    """Pairs with their labels (-1: none); implements :class:`~slora_core.sources.base.Pairs`."""

    def __init__(self, before: MappedArray, after: MappedArray, labels: NDArray[np.int64]) -> None:
        self._before = before
        self._after = after
        self._labels = labels
        self.count = len(labels)
        self.dim = int(before.spec.shape[1])

    @property
    def labelled(self) -> AfterRows:
        """The rows after the task with their labels."""
        return AfterRows(self)

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is not None:
                source.read(start, stop, out)

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        for source, out in ((self._before, before), (self._after, after)):
            if out is not None:
                source.gather(index, out)

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._labels[start:stop]

    def close(self) -> None:
        self._before.close()
        self._after.close()

    def __enter__(self) -> StoredPairs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class StoredRows:
    """Rows with a class each; implements :class:`~slora_core.sources.rounds.LabelledRows`."""

    def __init__(self, rows: MappedArray, labels: NDArray[np.int64]) -> None:
        self._rows = rows
        self._labels = labels
        self.count = len(labels)
        self.dim = int(rows.spec.shape[1])

    def read(self, start: int, stop: int, out: Tensor) -> None:
        self._rows.read(start, stop, out)

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._labels[start:stop]

    def close(self) -> None:
        self._rows.close()

    def __enter__(self) -> StoredRows:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
