"""Buffers of the mergeable moments. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.memory.device import CPU_PROFILE, DeviceProfile
from slora_core.memory.footprint import Buffer

MOST_BLOCK_ROWS: Final = 128
FEWEST_BLOCK_ROWS: Final = 64


def block_rows(chunk: int, device: DeviceProfile = CPU_PROFILE) -> int:
    """Rows gathered before one float64 product: enough to pay for reading M2, however small the chunks are.

    On CUDA, where every operation costs microseconds, a whole chunk.
    """
    if device.kind == "cuda":
        return max(FEWEST_BLOCK_ROWS, chunk)
    return min(MOST_BLOCK_ROWS, max(FEWEST_BLOCK_ROWS, chunk))


def moment_buffers(batch: int, chunk: int, dim: int, device: DeviceProfile = CPU_PROFILE) -> tuple[Buffer, ...]:
    """What :class:`~slora_core.numerics.moments.MomentAccumulator` needs for ``batch`` classes of ``dim`` features.

    ``chunk`` is the number of rows a class that one ``add`` usually brings; more or fewer are allowed. The block has
    one row more than it gathers: the row through which the means are merged.
    """
    return (
        Buffer("moment_block", (batch, block_rows(chunk, device) + 1, dim), "float64"),
        Buffer("moment_mean", (batch, dim), "float64"),
        Buffer("moment_delta", (batch, dim), "float64"),
        Buffer("moment_m2", (batch, dim, dim), "float64"),
    )
