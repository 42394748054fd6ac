"""Rows of an array in a file, read into float32 buffers; resident memory does not grow with the number of rows."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.sources.array_specs import ArraySpec
from slora_core.sources.mapping import map_file, release_pages
from slora_core.sources.unpack import Checkpoint, no_checkpoint, unpack

_RESIDENT_BYTES: Final = 32 * 1024**2
_BOUNCE_BYTES: Final = 256 * 1024
_READERS: Final = min(6, (os.cpu_count() or 1) // 2)
_PIECE_BYTES: Final = 1536 * 1024


@cache
def _readers() -> ThreadPoolExecutor:
    """One pool for the process; its threads begin when they are first needed and end with it."""
    return ThreadPoolExecutor(_READERS, "file-reader")


class MappedArray:
    """An array [R, ...] of a file, memory-mapped; a row is everything behind the first axis.

    Elements may lie at any byte, in any float dtype; they are converted as they are copied out. At most some 32 MiB of
    the file stay resident: a larger array is released as it is read, and its random rows are read past the mapping,
    because a fault on one row may map two MiB around it. An array that cannot be mapped is unpacked under ``scratch``
    and deleted by :meth:`close`; ``checkpoint`` may stop that by raising.
    """

    def __init__(self, spec: ArraySpec, scratch: Path, checkpoint: Checkpoint = no_checkpoint) -> None:
        self.spec = spec
        self._unpacked = unpack(spec, scratch, checkpoint) if spec.packing else None
        lying = self._unpacked or spec
        self.rows = spec.shape[0]
        self._elements = prod(spec.shape[1:])
        self._row_bytes = self._elements * spec.itemsize
        self._offset = lying.offset
        self._stays_resident = spec.size_bytes <= _RESIDENT_BYTES
        self._reads_past = not self._stays_resident and hasattr(os, "preadv")
        self._lock = threading.Lock()
        self._file = lying.path.open("rb", buffering=0)
        self._mapping = map_file(lying.path)
        flat = np.frombuffer(self._mapping, np.uint8, self.rows * self._row_bytes, lying.offset)
        self._bytes: NDArray[np.uint8] = flat.reshape(self.rows, self._row_bytes)
        self._source = torch.from_numpy(self._bytes)
        self._torch_dtype: torch.dtype = getattr(torch, spec.dtype)
        self._bounce: Tensor | None = None
        self._touched_bytes = 0

    def read(self, start: int, stop: int, out: Tensor) -> None:
        """Rows ``start:stop`` into the float32 CPU buffer ``out[: stop - start]``, whose rows are contiguous.

        Float32 rows of a large array are read past the mapping, at several times the speed of its page faults, and
        from any thread; all others by one thread at a time.
        """
        if self._reads_past and self._torch_dtype == torch.float32:
            self._read_pieces(start, self._as_bytes(out[: stop - start]).numpy())
            return
        with self._lock:
            self._read_mapped(start, stop, out)

    def _read_mapped(self, start: int, stop: int, out: Tensor) -> None:
        piece = max(1, _RESIDENT_BYTES // self._row_bytes)
        for first in range(start, stop, piece):
            last = min(first + piece, stop)
            self._copy(self._source[first:last], out[first - start : last - start])
            self._touch((last - first) * self._row_bytes)

    def gather(self, index: Tensor, out: Tensor) -> None:
        """Rows ``index`` (int64 [m], any order, repeats allowed) into ``out[:m]``."""
        out = out[: index.shape[0]]
        if self._torch_dtype == torch.float32:
            self._take(index, self._as_bytes(out))
            return
        bounce = self._bouncing()
        for first in range(0, index.shape[0], bounce.shape[0]):
            chosen = index[first : first + bounce.shape[0]]
            piece = bounce[: chosen.shape[0]]
            self._take(chosen, piece)
            self._convert(piece, out[first : first + chosen.shape[0]])

    def read_integers(self, start: int, stop: int) -> NDArray[np.int64]:
        """Rows ``start:stop`` of an integer array as a new int64 array."""
        values = self._bytes[start:stop].copy().view(self.spec.dtype).astype(np.int64)
        self._touch((stop - start) * self._row_bytes)
        return values.reshape(stop - start, *self.spec.shape[1:])

    def close(self) -> None:
        """Unmap; delete the unpacked copy if there is one. May be called twice."""
        self._source = torch.empty(0)
        self._bytes = np.empty((0, 0), np.uint8)
        with contextlib.suppress(BufferError):
            self._mapping.close()
        self._file.close()
        if self._unpacked is not None:
            self._unpacked.path.unlink(missing_ok=True)

    def __enter__(self) -> MappedArray:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _touch(self, size_bytes: int) -> None:
        self._touched_bytes += size_bytes
        if self._touched_bytes > _RESIDENT_BYTES and not self._stays_resident:
            release_pages(self._mapping)
            self._touched_bytes = 0

    def _copy(self, rows: Tensor, out: Tensor) -> None:
        if self._torch_dtype == torch.float32:
            self._as_bytes(out).copy_(rows)
            return
        bounce = self._bouncing()
        for first in range(0, rows.shape[0], bounce.shape[0]):
            piece = rows[first : first + bounce.shape[0]]
            bounce[: piece.shape[0]].copy_(piece)
            self._convert(bounce[: piece.shape[0]], out[first : first + piece.shape[0]])

    def _take(self, index: Tensor, out: Tensor) -> None:
        """Bytes of rows ``index`` into ``out`` [m, row bytes]."""
        if not self._reads_past:
            torch.index_select(self._source, 0, index, out=out)
            return
        handle = self._file.fileno()
        for row, target in zip(index.tolist(), out.numpy(), strict=True):
            if not 0 <= row < self.rows:
                raise IndexError(f"row {row} of {self.rows}")
            if os.preadv(handle, [target], self._offset + row * self._row_bytes) != self._row_bytes:
                raise InputError(f"file {str(self.spec.path)!r} became shorter while it was open: row {row} is missing")

    def _read_pieces(self, start: int, out: NDArray[np.uint8]) -> None:
        """Copying out of the page cache is what takes time: several threads share a long stretch."""
        pieces = min(_READERS, out.nbytes // _PIECE_BYTES)
        if pieces < 2:
            self._read_bytes(start, out)
            return
        rows = -(-len(out) // pieces)
        firsts = range(0, len(out), rows)
        list(_readers().map(lambda first: self._read_bytes(start + first, out[first : first + rows]), firsts))

    def _read_bytes(self, start: int, out: NDArray[np.uint8]) -> None:
        """Rows from ``start`` that fill ``out`` [m, row bytes]."""
        rest, offset = out.reshape(-1).data, self._offset + start * self._row_bytes
        while rest:
            size = os.preadv(self._file.fileno(), [rest], offset)
            if size == 0:
                raise InputError(
                    f"file {str(self.spec.path)!r} became shorter while it was open: row {start} is missing"
                )
            rest, offset = rest[size:], offset + size

    def _as_bytes(self, out: Tensor) -> Tensor:
        return out.view(out.shape[0], self._elements).view(torch.uint8)

    def _convert(self, rows: Tensor, out: Tensor) -> None:
        out.view(rows.shape[0], self._elements).copy_(rows.view(self._torch_dtype))

    def _bouncing(self) -> Tensor:
        """Aligned scratch for a conversion, small enough to stay in the processor's cache."""
        if self._bounce is None:
            rows = max(1, _BOUNCE_BYTES // self._row_bytes)
            self._bounce = torch.from_numpy(np.empty((rows, self._row_bytes), np.uint8))
        return self._bounce
