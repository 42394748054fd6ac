"""What the planner must know of a compute device. Torch-free: the window plans for a device without touching it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MeasuredOption:
    """One option of a stage as ``slora tune`` measured it.

    ``stage`` is without a round's prefix, ``choice`` its choice as JSON; ``settings`` is a digest of what else decides
    the stage's work; ``ratio`` is measured over modelled seconds, under the rates of the same tuning.
    """

    stage: str
    settings: str
    dim: int
    pairs: int
    choice: str
    ratio: float


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """Sizes and measured rates of one device.

    ``rounding_bytes`` is the allocator's granularity, ``segment_bytes`` what its pool takes at a time (0: no pool, and
    workspaces are not cut from arenas), ``workspace_bytes`` the library workspaces by operation, ``standing_bytes``
    what libraries hold all through a run.

    Rates are per second: ``gemm32`` and ``gemm64`` in FLOP, ``copy`` in bytes of device memory moved, ``host_copy`` in
    bytes from a file to the device, ``bus`` in bytes from pinned memory to the device, ``pinning`` in bytes of host
    memory locked, ``select`` in elements of a top-k. ``op_s`` is the fixed cost of one operation, ``replay_s`` that of
    one in a loop which is recorded once and replayed, ``row_s`` that of reading one row by itself, ``wait_s`` what a
    device idles at most between two batches of classes.

    ``measured`` are options of stages that were timed on the device, for the policy ``tuned``.

    ``slice_flop`` bounds one uninterruptible product, so that a cancel is answered in time. Of plans that take up to
    ``nearly`` times the least seconds the smallest is taken, inside a budget up to ``nearly_within``: memory is not
    spent on the last tenth of speed, and the time model is no more exact than that.
    """

    kind: str
    name: str
    total_bytes: int | None
    rounding_bytes: int = 1
    segment_bytes: int = 0
    workspace_bytes: dict[str, int] = field(default_factory=dict, hash=False)
    standing_bytes: int = 0
    gemm32: float = 1.2e11
    gemm64: float = 4.5e10
    copy: float = 8e9
    host_copy: float = 4e9
    select: float = 4.5e8
    op_s: float = 2.5e-5
    replay_s: float = 2.5e-5
    row_s: float = 0.0
    bus: float = 5.0e10
    pinning: float = 2.8e9
    wait_s: float = 0.0
    nearly: float = 1.1
    nearly_within: float = 1.1
    slice_flop: float = 5e9
    measured: tuple[MeasuredOption, ...] = ()


CPU_PROFILE = DeviceProfile(kind="cpu", name="CPU", total_bytes=None)
"""Two cores of a server processor, measured; ``slora tune`` replaces the rates by those of the machine."""

CUDA_PROFILE = DeviceProfile(
    kind="cuda",
    name="CUDA device",
    total_bytes=None,
    rounding_bytes=512,
    segment_bytes=2 * 1024**2,
    standing_bytes=32 * 1024**2,
    gemm32=5.0e13,
    gemm64=3.0e13,
    copy=2.5e12,
    host_copy=5.5e9,
    select=5.5e10,
    op_s=1.5e-5,
    replay_s=2.5e-6,
    row_s=1.8e-6,
    wait_s=8e-4,
    nearly=1.2,
    nearly_within=1.03,
    slice_flop=2e12,
)
"""One NVIDIA H200, measured."""
