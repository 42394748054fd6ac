"""Brings arrays that cannot be mapped where they lie into a scratch file, in a stream. Torch-free."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from slora_core.errors import InputError, OutputError
from slora_core.memory.sizes import format_size
from slora_core.sources.array_specs import ArraySpec
from slora_core.sources.mapping import map_file, release_pages

_BLOCK_BYTES: Final = 4 * 1024**2

Checkpoint: TypeAlias = Callable[[], None]


def no_checkpoint() -> None:
    """Nobody asks to stop."""


def unpack(spec: ArraySpec, scratch: Path, checkpoint: Checkpoint = no_checkpoint) -> ArraySpec:
    """A new file under ``scratch`` with the rows of ``spec`` one after another, little-endian; the caller deletes it.

    ``checkpoint`` is called after every block and may raise to stop; then nothing is left under ``scratch``.
    Raises InputError for damaged data and OutputError when ``scratch`` has no room.
    """
    if "compressed" not in spec.packing:
        return _to_scratch(replace(spec, packing=""), scratch, lambda out: _reorder(spec, out, checkpoint))
    packing = spec.packing.removeprefix("compressed").removeprefix(", ")
    unpacked = _to_scratch(replace(spec, packing=packing), scratch, lambda out: _inflate(spec, out, checkpoint))
    if not packing:
        return unpacked
    try:
        return unpack(unpacked, scratch, checkpoint)
    finally:
        unpacked.path.unlink()


def _to_scratch(spec: ArraySpec, scratch: Path, fill: Callable[[IO[bytes]], None]) -> ArraySpec:
    path: Path | None = None
    try:
        free = shutil.disk_usage(scratch).free
        if free < spec.size_bytes:
            raise OutputError(
                f"scratch folder {str(scratch)!r} has {format_size(free)} free; unpacking {spec.key!r} of"
                f" {str(spec.path)!r} takes {format_size(spec.size_bytes)}",
                "choose another scratch folder, or save the file uncompressed (numpy.savez)",
            )
        handle, name = tempfile.mkstemp(prefix="slora-unpacked-", dir=scratch)
        path = Path(name)
        with os.fdopen(handle, "wb") as out:
            fill(out)
    except BaseException as error:
        if path is not None:
            path.unlink()
        if isinstance(error, OSError):
            raise OutputError(f"cannot unpack into scratch folder {str(scratch)!r}: {error.strerror}") from None
        raise
    return replace(spec, path=path, offset=0, member="")


def _inflate(spec: ArraySpec, out: IO[bytes], checkpoint: Checkpoint) -> None:
    """The data of a zip member after its .npy header; the zip's checksum is verified on the way."""
    try:
        with zipfile.ZipFile(spec.path) as archive, archive.open(spec.member) as stream:
            stream.read(spec.offset)
            while block := stream.read(_BLOCK_BYTES):
                out.write(block)
                checkpoint()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"file {str(spec.path)!r}: key {spec.key!r} is damaged: {error}") from None


def _reorder(spec: ArraySpec, out: IO[bytes], checkpoint: Checkpoint) -> None:
    """Rows of an array that is stored column by column or big-endian."""
    dtype = np.dtype(spec.dtype)
    stored = dtype.newbyteorder(">") if "big-endian" in spec.packing else dtype
    mapping = map_file(spec.path)
    order: Literal["C", "F"] = "F" if "column by column" in spec.packing else "C"
    array: NDArray[Any] = np.ndarray(spec.shape, stored, mapping, spec.offset, order=order)
    rows = max(1, _BLOCK_BYTES * spec.shape[0] // max(1, spec.size_bytes))
    for start in range(0, spec.shape[0], rows):
        out.write(np.ascontiguousarray(array[start : start + rows], dtype).tobytes())
        release_pages(mapping)
        checkpoint()
    del array
    mapping.close()
