"""Which arrays a file holds and where they lie, from its headers alone. Torch-free: the window shows them at once."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final, Literal

from slora_core.errors import InputError

FLOAT_BYTES: Final = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
INTEGER_BYTES: Final = {
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
}
_KINDS: Final = {"float": FLOAT_BYTES, "integer": INTEGER_BYTES}
_NPY_MAGIC: Final = b"\x93NUM"
_ZIP_MAGIC: Final = b"PK"


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array of a file: elements of ``dtype`` in ``shape``, beginning ``offset`` bytes into ``path``.

    ``packing`` says why it cannot be mapped where it lies ("compressed", "column by column", "big-endian"), or is "".
    The offset of a compressed array counts in its unpacked stream ``member``.
    """

    path: Path
    key: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    packing: str = ""
    member: str = ""

    @property
    def itemsize(self) -> int:
        return (FLOAT_BYTES | INTEGER_BYTES)[self.dtype]

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * self.itemsize


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """The arrays of a file; ``role`` ("feature file") and ``expected`` (its keys in words) serve the messages."""

    path: Path
    role: str
    expected: str
    arrays: Mapping[str, ArraySpec]
    metadata: Mapping[str, str]

    def require(self, key: str, ndim: int, kind: Literal["float", "integer"]) -> ArraySpec:
        """The array ``key`` with ``ndim`` axes of floats or integers. Raises InputError that says what was found."""
        if key not in self.arrays:
            found = ", ".join(repr(name) for name in self.arrays) or "no arrays"
            others = [name for name in self.arrays if f"{name} [" not in self.expected]
            close = difflib.get_close_matches(key, others, n=1, cutoff=0.6)
            hint = f"; should {close[0]!r} be named {key!r}?" if close else ""
            raise self.error(f"key {key!r} is missing; found {found}; expected {self.expected}{hint}")
        spec = self.arrays[key]
        if spec.dtype == "object":
            raise self.error(
                f"key {key!r} holds pickled Python objects, which are never loaded; expected a {kind} array"
            )
        if spec.dtype not in _KINDS[kind]:
            raise self.error(f"key {key!r} has dtype {spec.dtype}; expected one of {', '.join(_KINDS[kind])}")
        if len(spec.shape) != ndim:
            raise self.error(f"key {key!r} has shape {list(spec.shape)}; expected {ndim} axes: {self.expected}")
        return spec

    def optional(self, key: str, ndim: int, kind: Literal["float", "integer"]) -> ArraySpec | None:
        """As :meth:`require`, None without ``key``; a key that looks like a misspelt ``key`` is an error."""
        if key in self.arrays:
            return self.require(key, ndim, kind)
        close = [name for name in self.arrays if difflib.SequenceMatcher(None, key, name.lower()).ratio() > 0.8]
        if close:
            raise self.error(f"unknown key {close[0]!r}, did you mean {key!r}? Expected {self.expected}")
        return None

    def error(self, what: str) -> InputError:
        return InputError(f"{self.role} {str(self.path)!r}: {what}")


def open_array_file(path: str | Path, role: str, expected: str) -> ArrayFile:
    """Read the headers of a ``.npz`` or ``.safetensors`` file; the kind is told by content. Raises InputError."""
    from slora_core.sources.npz_members import read_npz
    from slora_core.sources.safetensors_header import read_safetensors

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
            raise file.error("is a folder; expected a .npz or .safetensors file")
        if not stat.S_ISREG(status.st_mode):
            raise file.error("is not a regular file; expected a .npz or .safetensors file")
        if status.st_size == 0:
            raise file.error("is empty (0 bytes); expected a .npz or .safetensors file")
        with file.path.open("rb") as stream:
            return stream.read(9), status.st_size
    except FileNotFoundError:
        raise file.error("does not exist") from None
    except OSError as error:
        raise file.error(f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise file.error(f"is not a path: {error}") from None
