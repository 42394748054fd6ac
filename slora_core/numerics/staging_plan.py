"""Buffers of the staging between host and device. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer

STAGING_SLOTS: Final = 2


def staging_seconds(elements: int, device: DeviceProfile) -> float:
    """What locking the slots of :func:`staging_buffers` takes, once."""
    return STAGING_SLOTS * 4 * elements / device.pinning if device.kind == "cuda" else 0.0


def staging_buffers(elements: int, device: DeviceProfile, name: str = "staging") -> tuple[Buffer, ...]:
    """Two pinned slots of ``elements`` float32 beside a CUDA device; nothing on a CPU, which needs no staging.

    Parts of a stage that work at the same time need slots of different ``name``.
    """
    if device.kind != "cuda":
        return ()
    return tuple(Buffer(f"{name}_{slot}", (elements,), pinned=True) for slot in range(STAGING_SLOTS))
