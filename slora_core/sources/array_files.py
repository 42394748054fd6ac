"""Which arrays a file holds and where they lie, from its headers alone. Torch-free: the window shows them at once."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from slora_core.sources.array_specs import ArrayFile
from slora_core.sources.npz_members import read_npz
from slora_core.sources.safetensors_header import read_safetensors

_NPY_MAGIC: Final = b"\x93NUM"
_ZIP_MAGIC: Final = b"PK"


def open_array_file(path: str | Path, role: str, expected: str) -> ArrayFile:
    """Read the headers of a ``.npz`` or ``.safetensors`` file; the kind is told by content. Raises InputError."""
    path = Path(path)
    empty = ArrayFile(path, role, expected, {}, {})
    head, size = _head(empty)
    if head.startswith(_ZIP_MAGIC):
        return ArrayFile(path, role, expected, read_npz(empty), {})
    if head.startswith(_NPY_MAGIC):
        raise empty.error(f"is a single .npy array; expected a .npz or .safetensors file with {expected}")
    if path.suffix.lower() == ".npz":
        raise empty.error("is not a zip archive, as a .npz file must be; it may be truncated or of another kind")
    looks_right = len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") <= size - 8
    if path.suffix.lower() == ".safetensors" or looks_right:
        return ArrayFile(path, role, expected, *read_safetensors(empty))
    raise empty.error(f"is neither a .npz nor a .safetensors file; expected one with {expected}")


def _head(file: ArrayFile) -> tuple[bytes, int]:
    """First nine bytes and size of a regular, non-empty file."""
    try:
        status = file.path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise file.error("is a folder; expected a .npz or .safetensors file", "file-is-folder")
        if not stat.S_ISREG(status.st_mode):
            raise file.error("is not a regular file; expected a .npz or .safetensors file")
        if status.st_size == 0:
            raise file.error("is empty (0 bytes); expected a .npz or .safetensors file", "file-empty")
        with file.path.open("rb") as stream:
            return stream.read(9), status.st_size
    except FileNotFoundError:
        raise file.error("does not exist", "file-missing") from None
    except OSError as error:
        raise file.error(f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise file.error(f"is not a path: {error}") from None
