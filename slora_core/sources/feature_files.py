"""Pairs and labelled rows in files, memory-mapped: ``.npz`` and ``.safetensors``.

A feature file holds ``features_before [N, d]``, ``features_after [N, d]`` and optionally ``labels [N]`` (-1: unlabelled
auxiliary rows); an evaluation file ``features [M, d]`` and ``labels [M]``. Nothing is ever unpickled. ``checkpoint`` is
called while arrays that cannot be mapped are unpacked under ``scratch``, and may raise to stop.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.sources.after_rows import AfterRows
from slora_core.sources.array_specs import ArraySpec
from slora_core.sources.file_info import FileInfo, evaluation_layout, feature_layout
from slora_core.sources.mapped_array import MappedArray
from slora_core.sources.unpack import Checkpoint, no_checkpoint


class _MappedFile:
    """Owns the mapped arrays of one file; a context manager."""

    def __init__(self, info: FileInfo, scratch: Path | None, checkpoint: Checkpoint) -> None:
        self.path = info.path
        self._info = info
        self._scratch = scratch or Path(tempfile.gettempdir())
        self._checkpoint = checkpoint
        self._open = ExitStack()

    @property
    def dim(self) -> int:
        return self._info.dim

    @property
    def unpacked(self) -> dict[str, str]:
        """Keys that were unpacked to a scratch file, with the reason; empty for a file that is mapped where it lies."""
        return self._info.unpacking

    def close(self) -> None:
        self._open.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _map(self, spec: ArraySpec) -> MappedArray:
        try:
            return self._open.enter_context(MappedArray(spec, self._scratch, self._checkpoint))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise InputError(f"file {str(self.path)!r} cannot be mapped: {error.strerror}") from None
            raise


class FeatureFile(_MappedFile):
    """The pairs of a feature file. Raises InputError that names the file, the key, what was found and expected."""

    def __init__(self, path: str | Path, scratch: Path | None = None, checkpoint: Checkpoint = no_checkpoint) -> None:
        layout = feature_layout(path)
        super().__init__(layout.info, scratch, checkpoint)
        self._before = self._map(layout.before)
        self._after = self._map(layout.after)
        self._labels = self._map(layout.labels) if layout.labels else None

    @property
    def count(self) -> int:
        return self._info.rows

    @property
    def has_labels(self) -> bool:
        return self._labels is not None

    @property
    def labelled(self) -> AfterRows | None:
        """The rows after the task with their labels; None for a file without labels."""
        return AfterRows(self) if self.has_labels else None

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        if before is not None:
            self._before.read(start, stop, before)
        if after is not None:
            self._after.read(start, stop, after)

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        if before is not None:
            self._before.gather(index, before)
        if after is not None:
            self._after.gather(index, after)

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        """Labels of rows ``start:stop``. Raises InputError when the file has none."""
        if self._labels is None:
            raise InputError(f"feature file {str(self.path)!r} has no labels; expected a key 'labels' [N]")
        return self._labels.read_integers(start, stop)

    def __enter__(self) -> FeatureFile:
        return self


class EvaluationFile(_MappedFile):
    """The labelled rows of an evaluation file. Raises InputError as :class:`FeatureFile` does."""

    def __init__(self, path: str | Path, scratch: Path | None = None, checkpoint: Checkpoint = no_checkpoint) -> None:
        layout = evaluation_layout(path)
        super().__init__(layout.info, scratch, checkpoint)
        self._features = self._map(layout.features)
        self._labels = self._map(layout.labels)

    @property
    def count(self) -> int:
        return self._info.rows

    def read(self, start: int, stop: int, out: Tensor) -> None:
        """Rows ``start:stop`` into the float32 CPU buffer ``out[: stop - start]``."""
        self._features.read(start, stop, out)

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._labels.read_integers(start, stop)

    def __enter__(self) -> EvaluationFile:
        return self
