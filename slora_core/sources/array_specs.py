"""The arrays that a file holds, as its headers describe them: nothing of their data. Torch-free."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final, Literal

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
            what = f"key {key!r} is missing; found {found}; expected {self.expected}{hint}"
            case, named = ("key-misnamed", {"close": close[0]}) if close else ("key-missing", {})
            raise self.error(what, case, key=key, found=list(self.arrays), expected=self.expected, **named)
        spec = self.arrays[key]
        if spec.dtype == "object":
            raise self.error(
                f"key {key!r} holds pickled Python objects, which are never loaded; expected a {kind} array"
            )
        if spec.dtype not in _KINDS[kind]:
            raise self.error(f"key {key!r} has dtype {spec.dtype}; expected one of {', '.join(_KINDS[kind])}")
        if len(spec.shape) != ndim:
            what = f"key {key!r} has shape {list(spec.shape)}; expected {ndim} axes: {self.expected}"
            raise self.error(what, "axes", key=key, shape=list(spec.shape), axes=ndim, expected=self.expected)
        return spec

    def optional(self, key: str, ndim: int, kind: Literal["float", "integer"]) -> ArraySpec | None:
        """As :meth:`require`, None without ``key``; a key that looks like a misspelt ``key`` is an error."""
        if key in self.arrays:
            return self.require(key, ndim, kind)
        close = [name for name in self.arrays if difflib.SequenceMatcher(None, key, name.lower()).ratio() > 0.8]
        if close:
            raise self.error(f"unknown key {close[0]!r}, did you mean {key!r}? Expected {self.expected}")
        return None

    def error(self, what: str, case: str = "", **data: Any) -> InputError:
        """``what`` is wrong with the file; its role and path are part of the ``case`` too."""
        named = {"role": self.role, "path": str(self.path), **data}
        return InputError(f"{self.role} {str(self.path)!r}: {what}", case=case, data=named if case else None)
