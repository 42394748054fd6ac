"""What a stage will allocate, declared once: the planner adds it up, the workspace allocates exactly it.

Torch-free, so that the plan of a run needs no device.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
CUDA_ROUNDING_BYTES: Final = 512
_SMALL_POOL_BYTES: Final = 1024**2
_OWN_SEGMENT_BYTES: Final = 10 * 1024**2
_SEGMENT_ROUNDING_BYTES: Final = 2 * 1024**2


def arena_bytes(size_bytes: int) -> int:
    """What one block of CUDA's caching allocator takes for ``size_bytes`` of buffers.

    Up to 1 MiB comes from a pool of small blocks. From 10 MiB a block has a segment of its own, in steps of 2 MiB;
    between the two it would take one of 20 MiB, so it is asked for as 10 MiB.
    """
    if size_bytes <= _SMALL_POOL_BYTES:
        return -(-size_bytes // CUDA_ROUNDING_BYTES) * CUDA_ROUNDING_BYTES
    return max(_OWN_SEGMENT_BYTES, -(-size_bytes // _SEGMENT_ROUNDING_BYTES) * _SEGMENT_ROUNDING_BYTES)


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
    operation, as measured for the device. Sums are taken once, when the footprint is made: a plan looks at
    thousands of footprints, and again for every budget that is tried.
    """

    standing: tuple[Buffer, ...] = ()
    phases: tuple[tuple[str, tuple[Buffer, ...]], ...] = ()
    kept: tuple[Buffer, ...] = ()
    workspace_bytes: int = 0
    _totals: tuple[int, int, int, int] = field(default=(0, 0, 0, 0), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kept, kept_rounded = _sums(self.kept)
        standing, standing_rounded = _sums(self.standing)
        phase = phase_rounded = 0
        for _, buffers in self.phases:
            exact, rounded = _sums(buffers)
            phase, phase_rounded = max(phase, exact), max(phase_rounded, rounded)
        peak = kept + standing + phase + self.workspace_bytes
        peak_rounded = kept_rounded + standing_rounded + phase_rounded + self.workspace_bytes
        object.__setattr__(self, "_totals", (peak, kept, peak_rounded, kept_rounded))

    def holds(self, name: str) -> bool:
        """Whether a buffer of this name is declared that lives through the whole stage."""
        return any(buffer.name == name for buffer in (*self.standing, *self.kept))

    def totals(self, rounding: int = 1) -> tuple[int, int]:
        """(peak, kept) device bytes, each buffer rounded up to ``rounding``."""
        if rounding == 1:
            return self._totals[:2]
        if rounding == CUDA_ROUNDING_BYTES:
            return self._totals[2:]
        phase = max((_total(buffers, rounding) for _, buffers in self.phases), default=0)
        kept = _total(self.kept, rounding)
        return kept + _total(self.standing, rounding) + phase + self.workspace_bytes, kept

    def arena_totals(self) -> tuple[int, int]:
        """(peak, kept) device bytes of a workspace in arenas: the kept buffers are one, all others another."""
        _, _, peak, kept = self._totals
        kept_arena = arena_bytes(kept)
        return kept_arena + arena_bytes(peak - kept - self.workspace_bytes) + self.workspace_bytes, kept_arena

    def peak_bytes(self, rounding: int = 1) -> int:
        """Device bytes at the worst moment of the stage, without what was live before it."""
        return self.totals(rounding)[0]

    def peak_buffers(self, rounding: int = 1) -> tuple[Buffer, ...]:
        """The device buffers that live at the worst moment."""
        phase = max((buffers for _, buffers in self.phases), key=lambda found: _total(found, rounding), default=())
        return tuple(b for b in self.kept + self.standing + phase if not b.pinned)

    def phase_buffers(self, name: str) -> tuple[Buffer, ...]:
        for phase, buffers in self.phases:
            if phase == name:
                return buffers
        raise KeyError(f"phase {name!r} is not declared; declared: {[p for p, _ in self.phases]}")


def _total(buffers: tuple[Buffer, ...], rounding: int) -> int:
    return sum(b.size_bytes(rounding) for b in buffers if not b.pinned)


def _sums(buffers: tuple[Buffer, ...]) -> tuple[int, int]:
    """Device bytes of the buffers, exact and with each rounded to CUDA's granularity."""
    exact = rounded = 0
    for _, shape, dtype, pinned in buffers:
        if not pinned:
            size = prod(shape) * DTYPE_BYTES[dtype]
            exact += size
            rounded += (size + CUDA_ROUNDING_BYTES - 1) // CUDA_ROUNDING_BYTES
    return exact, rounded * CUDA_ROUNDING_BYTES
