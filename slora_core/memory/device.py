"""What the planner must know of a compute device. Torch-free: the window plans for a device without touching it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """Sizes and measured rates of one device.

    ``rounding_bytes`` is the allocator's granularity, ``segment_bytes`` what its pool takes at a time (0: no pool),
    ``workspace_bytes`` the library workspaces by operation. Rates are per second: ``gemm32`` and ``gemm64`` in FLOP,
    ``copy`` in bytes of device memory moved, ``host_copy`` in bytes from host to device (from file on a CPU),
    ``select`` in elements of a top-k. ``op_s`` is the fixed cost of one operation; ``slice_flop`` bounds
    one uninterruptible product, so that a cancel is answered in time.
    """

    kind: str
    name: str
    total_bytes: int | None
    rounding_bytes: int = 1
    segment_bytes: int = 0
    workspace_bytes: dict[str, int] = field(default_factory=dict)
    gemm32: float = 1.2e11
    gemm64: float = 4.5e10
    copy: float = 8e9
    host_copy: float = 4e9
    select: float = 1.5e8
    op_s: float = 2.5e-5
    slice_flop: float = 5e9


CPU_PROFILE = DeviceProfile(kind="cpu", name="CPU", total_bytes=None)
"""Two cores of a server processor, measured; ``slora tune`` replaces the rates by those of the machine."""

CUDA_PROFILE = DeviceProfile(
    kind="cuda",
    name="CUDA device",
    total_bytes=None,
    rounding_bytes=512,
    segment_bytes=2 * 1024**2,
    gemm32=4.6e13,
    gemm64=5.0e13,
    copy=4.3e12,
    host_copy=5.5e10,
    select=4.9e10,
    op_s=5e-6,
    slice_flop=2e12,
)
"""One NVIDIA H200, measured."""
