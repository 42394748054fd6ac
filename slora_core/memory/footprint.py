"""What a stage will allocate, declared once: the planner adds it up, the workspace allocates exactly it.

Torch-free, so that the plan of a run needs no device.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final, NamedTuple

DTYPE_BYTES: Final = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "uint8": 1,
    "bool": 1,
}


class Buffer(NamedTuple):
    """One tensor of a stage; ``pinned`` buffers are page-locked host memory beside a CUDA device."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    pinned: bool = False

    def size_bytes(self, rounding: int = 1) -> int:
        raw = prod(self.shape) * DTYPE_BYTES[self.dtype]
        return -(-raw // rounding) * rounding


@dataclass(frozen=True, slots=True)
class Footprint:
    """The buffers of one stage.

    ``kept`` outlive the stage (a fitted operator), ``standing`` live through the whole of it, and each of ``phases``
    (name, buffers) lives alone, one phase after another. ``workspace_bytes`` is what the library allocates inside an
    operation, as measured for the device.
    """

    standing: tuple[Buffer, ...] = ()
    phases: tuple[tuple[str, tuple[Buffer, ...]], ...] = ()
    kept: tuple[Buffer, ...] = ()
    workspace_bytes: int = 0

    def peak_bytes(self, rounding: int = 1) -> int:
        """Device bytes at the worst moment of the stage, without what was live before it."""
        phase = max((_total(buffers, rounding) for _, buffers in self.phases), default=0)
        return _total(self.kept, rounding) + _total(self.standing, rounding) + phase + self.workspace_bytes

    def kept_bytes(self, rounding: int = 1) -> int:
        return _total(self.kept, rounding)

    def pinned_bytes(self) -> int:
        phase = max((sum(b.size_bytes() for b in buffers if b.pinned) for _, buffers in self.phases), default=0)
        return sum(b.size_bytes() for b in self.kept + self.standing if b.pinned) + phase

    def phase_buffers(self, name: str) -> tuple[Buffer, ...]:
        for phase, buffers in self.phases:
            if phase == name:
                return buffers
        raise KeyError(f"phase {name!r} is not declared; declared: {[p for p, _ in self.phases]}")


def _total(buffers: tuple[Buffer, ...], rounding: int) -> int:
    return sum(b.size_bytes(rounding) for b in buffers if not b.pinned)
