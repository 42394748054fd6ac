"""The counters behind every peak: one protocol, a CPU and a CUDA form (``meters``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes by counter; None where the machine has no such counter."""

    allocated_bytes: int | None
    reserved_bytes: int | None = None
    tensor_ram_bytes: int | None = None

    @property
    def bounded_bytes(self) -> int | None:
        """What a budget bounds: reserved bytes where there is a pool, else allocated bytes."""
        return self.allocated_bytes if self.reserved_bytes is None else self.reserved_bytes


class Meter(Protocol):
    """Live readings and a stack of peaks.

    ``push`` starts a nested count; ``pop`` returns the peak since its push and folds it into the count around it.
    ``read`` may be called from the sampler's thread.
    """

    def read(self) -> Reading: ...

    def push(self) -> None: ...

    def pop(self) -> Reading: ...


class NoMeter:
    """For calls outside a run: counts nothing and says so."""

    def read(self) -> Reading:
        return Reading(None)

    def push(self) -> None:
        return

    def pop(self) -> Reading:
        return Reading(None)
