"""Writes a class state class by class: all of it or nothing."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import NumericalError, OutputError
from slora_core.sources.tensor_file import TensorFileWriter, checked_target
from slora_core.statistics.journal import Journal
from slora_core.statistics.packing import pack_lower, triangle_size
from slora_core.statistics.state_info import (
    CLASS_IDS,
    COUNT,
    COVARIANCE,
    FORMAT,
    MEAN,
    PACKED,
    VERSION,
    tensor_name,
)

_UNNAMED: Final = ("",)


class StateFileWriter:
    """A class state being written to a temporary file beside ``path``; :meth:`commit` renames it.

    ``variants`` are named ``<variant>.mean``; empty means one variant without a name. ``metadata`` holds ``operator``,
    ``task`` and ``config_digest``. ``packed`` stores triangles. Leaving the context without a commit removes the
    temporary and leaves ``path`` as it was. With ``resume`` the temporary and its journal are kept, and a later writer
    of the same classes, sizes, metadata and ``inputs`` (what tells the inputs apart) continues them (``finished``).

    Several ranks write one file: rank 0 creates it, the others ``join`` its ``temporary`` with classes of their own,
    each with a journal of its ``rank``; rank 0 learns of their classes by :meth:`add_finished`. Raises OutputError.
    """

    def __init__(
        self,
        path: str | Path,
        class_ids: NDArray[np.int64],
        counts: NDArray[np.int64],
        dim: int,
        variants: Sequence[str] = (),
        *,
        metadata: Mapping[str, str],
        packed: bool = False,
        resume: bool = False,
        inputs: str = "",
        join: Path | None = None,
        rank: int = 0,
    ) -> None:
        self.variants = tuple(variants) or _UNNAMED
        self.path = checked_target(path)
        self._ids = np.asarray(class_ids, np.int64)
        self._classes, self._dim = len(self._ids), dim
        self._covariance_part = PACKED if packed else COVARIANCE
        self._triangle = np.empty(triangle_size(dim) if packed else 0, np.float32)
        tensors = _tensors(self.variants, self._classes, dim, packed)
        strings = {"format": FORMAT, "version": VERSION, **metadata}
        partial = self.path.with_name(f".{self.path.name}.partial") if resume else None
        self._file = TensorFileWriter(self.path, tensors, strings, partial=partial, join=join)
        self._lock, self._noting = threading.Lock(), threading.Lock()
        self._finished: dict[str, set[int]] = {variant: set() for variant in self.variants}
        self._journal: Journal | None = None
        try:
            if join is None:
                self._file.write(CLASS_IDS, 0, self._ids)
                self._file.write(COUNT, 0, np.asarray(counts, np.int64))
            if partial is not None:
                identity = self._file.header + self._ids.tobytes() + np.asarray(counts, np.int64).tobytes()
                digest = hashlib.sha256(identity + inputs.encode()).hexdigest()
                journal = Journal(partial.with_name(f"{partial.name}.journal"), digest, rank)
                if join is None:
                    self._resume(journal)
                else:
                    journal.start()
                    self._journal = journal
        except BaseException:
            self._file.close()
            raise

    def writer(self, variant: str = "") -> VariantWriter:
        """The :class:`~slora_core.statistics.base.StateWriter` of one variant."""
        if variant not in self.variants:
            raise ValueError(f"variant {variant!r} is not one of {self.variants}")
        return VariantWriter(self, variant)

    @property
    def classes(self) -> int:
        """How many each variant has."""
        return self._classes

    @property
    def temporary(self) -> Path:
        """What other ranks join."""
        return self._file.temporary

    def finished(self, variant: str = "") -> frozenset[int]:
        """Numbers of the classes that are written."""
        return frozenset(self._finished[variant])

    def add_finished(self, variant: str, indices: Iterable[int]) -> None:
        """Classes that another rank has written, and had flushed where it ends."""
        self._finished[variant].update(indices)

    def flush(self) -> None:
        """Have on the disk what this process has written."""
        self._file.flush()

    def write(self, variant: str, index: int, mean: NDArray[np.float32], covariance: NDArray[np.float32]) -> None:
        """Class number ``index`` of ``variant``; writing it again replaces it. Raises NumericalError for NaN or Inf.

        Different classes may be written from different threads.
        """
        self._check(variant, index, mean, covariance)
        mean, values = np.ascontiguousarray(mean), np.ascontiguousarray(covariance)
        self._file.write(tensor_name(variant, MEAN), index, mean)
        if self._covariance_part == PACKED:
            with self._lock:
                pack_lower(covariance, self._triangle)
                self._finish(variant, index, mean, self._triangle)
        else:
            self._finish(variant, index, mean, values)

    def _finish(self, variant: str, index: int, mean: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        self._file.write(tensor_name(variant, self._covariance_part), index, values)
        checksum = 0 if self._journal is None else _checksum(mean.data, values.data)
        with self._noting:
            self._finished[variant].add(index)
            if self._journal is not None:
                self._note(self._journal, variant, index, checksum)

    def commit(self, *, durable: bool = True) -> None:
        """Put the finished file in place, ``durable`` against power loss. Raises OutputError if classes are missing."""
        missing = sum(self._classes - len(done) for done in self._finished.values())
        if missing:
            total = self._classes * len(self.variants)
            raise OutputError(f"{str(self.path)!r} is not complete: {missing} of {total} class statistics are missing")
        self._file.commit(durable=durable)
        if self._journal is not None:
            self._journal.remove()

    def close(self) -> None:
        """Give up without :meth:`commit`; nothing happens after it."""
        self._file.close()

    def __enter__(self) -> StateFileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, variant: str, index: int, mean: NDArray[np.float32], covariance: NDArray[np.float32]) -> None:
        if mean.shape != (self._dim,) or covariance.shape != (self._dim, self._dim):
            raise ValueError(f"mean {mean.shape} and covariance {covariance.shape} for d = {self._dim}")
        extremes = (mean.min(), mean.max(), covariance.min(), covariance.max())
        if not np.isfinite(extremes).all():
            raise NumericalError(
                f"the moved statistics of class {self._ids[index]}"
                + (f" ({variant})" if variant else "")
                + " hold NaN or Inf; expected finite numbers"
            )

    def _resume(self, journal: Journal) -> None:
        if not (self._file.continued and journal.matches):
            journal.start()
        journal.collect()
        for (variant, index), crc32 in journal.finished.items():
            mean = self._file.read_row(tensor_name(variant, MEAN), index)
            covariance = self._file.read_row(tensor_name(variant, self._covariance_part), index)
            if _checksum(mean, covariance) == crc32:
                self._finished[variant].add(index)
        self._journal = journal

    def _note(self, journal: Journal, variant: str, index: int, crc32: int) -> None:
        try:
            journal.append(variant, index, crc32)
        except OSError as error:
            raise OutputError(f"the journal of {str(self.path)!r} cannot be written: {error.strerror}") from None


class VariantWriter:
    """Receives the moved classes of one variant, in any order."""

    def __init__(self, file: StateFileWriter, variant: str) -> None:
        self._file = file
        self._variant = variant

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        """CPU float32 mean [d] and covariance [d, d] of class number ``index``; on disk or in its cache on return."""
        self._file.write(self._variant, index, mean.numpy(), covariance.numpy())


def _tensors(variants: Sequence[str], classes: int, dim: int, packed: bool) -> dict[str, tuple[str, tuple[int, ...]]]:
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {CLASS_IDS: ("int64", (classes,)), COUNT: ("int64", (classes,))}
    for variant in variants:
        tensors[tensor_name(variant, MEAN)] = ("float32", (classes, dim))
        if packed:
            tensors[tensor_name(variant, PACKED)] = ("float32", (classes, triangle_size(dim)))
        else:
            tensors[tensor_name(variant, COVARIANCE)] = ("float32", (classes, dim, dim))
    return tensors


def _checksum(mean: bytes | memoryview, covariance: bytes | memoryview) -> int:
    return zlib.crc32(covariance, zlib.crc32(mean))
