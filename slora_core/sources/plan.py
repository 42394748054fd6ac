"""What the scan of a source takes. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.types import Workload

SCAN_BLOCK_BYTES: Final = 8 * 1024**2
SCAN_THREADS: Final = 4
LEAST_PART_BYTES: Final = 256 * 1024
"""Of a block that threads share; below this a thread costs more than it gains."""
_HANDOVERS: Final = 30
"""What sharing a block costs, in operations: 0.5 ms beside an H200, 0.7 ms on two cores."""
_SMALLEST_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class ScanChoice:
    """Rows looked at together."""

    rows: int


def scan_footprint(rows: int, dim: int, device: DeviceProfile) -> Footprint:
    """Rows and one sum a row, in host memory whatever the device: a scan computes where the file is read."""
    pinned = device.kind == "cuda"
    return Footprint(
        standing=(
            Buffer("scan_rows", (rows, dim), pinned=pinned),
            Buffer("scan_sums", (rows,), pinned=pinned),
        )
    )


def scan_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Blocks from a few rows to some 8 MiB, beyond which a scan gains little."""
    largest = max(1, min(workload.pairs, SCAN_BLOCK_BYTES // (4 * workload.dim)))
    sizes = {largest} | {rows for rows in (_SMALLEST_ROWS, 64, 512) if rows < largest}
    return tuple(
        Option(ScanChoice(rows), scan_footprint(rows, workload.dim, device), _scan_seconds(rows, workload, device))
        for rows in sorted(sizes)
    )


def _scan_seconds(rows: int, workload: Workload, device: DeviceProfile) -> float:
    blocks = 2 * -(-workload.pairs // rows)
    shared = 4 * rows * workload.dim >= 2 * LEAST_PART_BYTES
    return 8.0 * workload.pairs * workload.dim / device.host_copy + blocks * (_HANDOVERS if shared else 4) * device.op_s
