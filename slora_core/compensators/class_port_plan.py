"""Buffers of the doorway for classes. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer

THREADS: Final = 6
WRITE_SLOTS: Final = 6
DOUBTS: Final = 2
"""What may be wrong with a moved class: its factor, and its samples."""


def class_port_buffers(batch: int, dim: int, device: DeviceProfile) -> tuple[Buffer, ...]:
    """Pinned slots beside a CUDA device: two batches to read, one held and one ahead, and some classes to write."""
    if device.kind != "cuda":
        return ()
    return (
        Buffer("port_mean_in", (2 * batch, dim), pinned=True),
        Buffer("port_cov_in", (2 * batch, dim, dim), pinned=True),
        Buffer("port_mean_out", (WRITE_SLOTS, dim), pinned=True),
        Buffer("port_cov_out", (WRITE_SLOTS, dim, dim), pinned=True),
        Buffer("port_doubt_out", (WRITE_SLOTS, DOUBTS), pinned=True),
    )
