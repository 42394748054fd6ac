"""Writes a .safetensors file piece by piece: to a temporary name beside the target, then renamed. Torch-free."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from slora_core.errors import OutputError
from slora_core.memory.sizes import format_size
from slora_core.sources.safetensors_header import lay_out

_NO_PREALLOCATION: Final = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}
_BINARY: Final = getattr(os, "O_BINARY", 0)


class TensorFileWriter:
    """A safetensors file of known tensors (name -> dtype, shape) whose rows are written in any order.

    The whole size is reserved at once, so a full disk is found before anything is computed. ``partial`` names the
    temporary file; an existing one of the right size and header is continued (``continued``). ``join`` names that of
    another process, which owns it: this one writes rows of its own into it. Leaving the context without :meth:`commit`
    removes the temporary, unless ``keep_partial`` or joined; the target is untouched until the rename. Raises
    OutputError.
    """

    def __init__(
        self,
        path: str | Path,
        tensors: Mapping[str, tuple[str, tuple[int, ...]]],
        metadata: Mapping[str, str],
        *,
        partial: Path | None = None,
        join: Path | None = None,
    ) -> None:
        self.path = checked_target(path)
        self.header, self.places, self.size_bytes = lay_out(self.path, tensors, metadata)
        self.keep_partial = partial is not None or join is not None
        self._joined = join is not None
        own = self.path.with_name(f".{self.path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        self._partial = join or partial or own
        self.continued = False
        self._committed = False
        self._lock = threading.Lock()
        if join is not None:
            self._join()
            return
        with self._reporting():
            self.continued = partial is not None and self._holds_header(partial)
            if self.continued:
                self._file = self._partial.open("r+b", buffering=0)
            else:
                self._create()

    @property
    def temporary(self) -> Path:
        """Where the rows are until :meth:`commit`."""
        return self._partial

    def flush(self) -> None:
        """Have on the disk what this process has written."""
        with self._reporting():
            os.fsync(self._file.fileno())

    def write(self, name: str, row: int, values: NDArray[Any]) -> None:
        """``values`` (contiguous, of the tensor's dtype) from row ``row`` of tensor ``name`` on."""
        place = self.places[name]
        row_bytes = place.size_bytes // place.shape[0]
        with self._reporting():
            self._write_at(place.offset + row * row_bytes, np.ascontiguousarray(values, place.dtype))

    def read_row(self, name: str, row: int) -> bytes:
        """What a continued file holds there."""
        place = self.places[name]
        row_bytes = place.size_bytes // place.shape[0]
        self._file.seek(place.offset + row * row_bytes)
        return self._file.read(row_bytes)

    def commit(self, *, durable: bool = True) -> None:
        """Rename the temporary over the target; ``durable`` has everything on the disk first and after.

        Only its owner may: raises RuntimeError when joined.
        """
        if self._joined:
            raise RuntimeError(f"the unfinished {str(self.path)!r} belongs to another process")
        with self._reporting():
            if durable:
                os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)
            self._committed = True
            if durable:
                _sync_folder(self.path.parent)

    def close(self) -> None:
        """Give up without :meth:`commit`; nothing happens after it."""
        self._file.close()
        if not (self._committed or self.keep_partial):
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> TensorFileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _join(self) -> None:
        with self._reporting():
            if not self._holds_header(self._partial):
                raise OutputError(
                    f"the unfinished class state {str(self._partial)!r} of rank 0 cannot be seen from this host",
                    "name an output and a scratch folder (run.scratch) on storage that all hosts share",
                )
            self._file = self._partial.open("r+b", buffering=0)

    def _create(self) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if free < self.size_bytes:
            raise OutputError(
                f"{str(self.path)!r} takes {format_size(self.size_bytes)}, but its file system has"
                f" {format_size(free)} free"
            )
        self._partial.unlink(missing_ok=True)
        handle = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        self._file = os.fdopen(handle, "r+b", buffering=0)
        try:
            _reserve(handle, self.size_bytes)
            self._write_at(0, np.frombuffer(self.header, np.uint8))
        except BaseException:
            self._file.close()
            self._partial.unlink()
            raise

    def _holds_header(self, partial: Path) -> bool:
        if not partial.is_file() or partial.stat().st_size != self.size_bytes:
            return False
        with partial.open("rb") as file:
            return file.read(len(self.header)) == self.header

    def _write_at(self, offset: int, values: NDArray[Any]) -> None:
        """From any thread."""
        rest = memoryview(values.reshape(-1).view(np.uint8).data)
        if hasattr(os, "pwrite"):
            while rest:
                size = os.pwrite(self._file.fileno(), rest, offset)
                rest, offset = rest[size:], offset + size
            return
        with self._lock:
            self._file.seek(offset)
            while rest:
                rest = rest[self._file.write(rest) :]

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{str(self.path)!r} cannot be written: {error.strerror}") from None


def checked_target(path: str | Path) -> Path:
    """``path`` behind its links, if a file may be put there: an existing folder, no device, no folder in its place."""
    try:
        target = Path(os.path.realpath(path))
        mode = target.stat().st_mode if target.exists() else stat.S_IFREG
        parent_is_folder = target.parent.is_dir()
    except (OSError, ValueError) as error:
        raise OutputError(f"{str(path)!r} cannot be written: {error}") from None
    if stat.S_ISDIR(mode):
        raise OutputError(f"{str(path)!r} is a folder; expected the name of a file to write")
    if not stat.S_ISREG(mode):
        raise OutputError(f"{str(path)!r} is not a regular file; expected the name of a file to write")
    if not parent_is_folder:
        raise OutputError(f"{str(path)!r} cannot be written: the folder {str(target.parent)!r} does not exist")
    return target


def _reserve(handle: int, size_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(handle, 0, size_bytes)
            return
        except OSError as error:
            if error.errno not in _NO_PREALLOCATION:
                raise
    os.ftruncate(handle, size_bytes)


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
