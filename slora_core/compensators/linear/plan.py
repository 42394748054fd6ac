"""The linear operator's options: rows read at a time for the fit, classes moved at a time. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from slora_core.compensators.class_port_plan import class_port_buffers
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.memory.policies import candidate_chunks
from slora_core.numerics.staging_plan import staging_buffers, staging_seconds
from slora_core.types import Workload

ROW_OPERATIONS = 10
CLASS_OPERATIONS = 10
CUDA_MOST_CLASSES = 8


@dataclass(frozen=True, slots=True)
class LinearFitChoice:
    """``rows`` of pairs added to the sums at a time."""

    rows: int


@dataclass(frozen=True, slots=True)
class LinearMoveChoice:
    """``classes`` moved in one batch."""

    classes: int


def fit_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """One option a row chunk: O(r d + d^2) memory whatever the number of pairs."""
    most_rows = max(8, int(device.slice_flop / (4 * workload.dim**2)))
    chunks = candidate_chunks(config, min(workload.pairs, most_rows))
    return tuple(_fit_option(rows, workload, device) for rows in chunks)


def move_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """One option a class batch: powers of two up to what one uninterruptible product may hold.

    On CUDA up to 8: more only wait longer for the first of them to be read and the last to be written.
    """
    most = workload.classes if device.kind == "cpu" else min(CUDA_MOST_CLASSES, workload.classes)
    ceiling = max(1, min(most, int(device.slice_flop / (4 * workload.dim**3))))
    batches = sorted({2**exponent for exponent in range(ceiling.bit_length())} | {ceiling})
    return tuple(_move_option(classes, workload, device) for classes in batches)


def fit_footprint(rows: int, dim: int, device: DeviceProfile) -> Footprint:
    """The cross product is solved in place and kept: it becomes the operator W [d, d] in float64."""
    square = (dim, dim)
    reading = [
        Buffer("before", (rows, dim)),
        Buffer("after", (rows, dim)),
        Buffer("before64", (rows, dim), "float64"),
        Buffer("after64", (rows, dim), "float64"),
        Buffer("norms", (rows, 1), "float64"),
    ]
    reading += staging_buffers(rows * dim, device)
    return Footprint(
        kept=(Buffer("cross", square, "float64"),),
        standing=(Buffer("gram", square, "float64"),),
        phases=(
            ("sum", tuple(reading)),
            ("solve", (Buffer("factor", square, "float64"), Buffer("info", (), "int32"))),
        ),
        workspace_bytes=device.workspace_bytes.get("linear.fit", 0),
    )


def move_footprint(classes: int, dim: int, device: DeviceProfile) -> Footprint:
    """Two float64 squares a class; the float32 classes are staged inside the second of them."""
    squares = (classes, dim, dim)
    standing = [
        Buffer("covariance", squares, "float64"),
        Buffer("product", squares, "float64"),
        Buffer("mean", (classes, dim)),
        Buffer("mean64", (classes, dim), "float64"),
        Buffer("moved64", (classes, dim), "float64"),
    ]
    standing += class_port_buffers(classes, dim, device)
    return Footprint(standing=tuple(standing))


def _fit_option(rows: int, workload: Workload, device: DeviceProfile) -> Option:
    dim, chunks = workload.dim, -(-workload.pairs // rows)
    flop = 4 * workload.pairs * dim**2 + 3 * dim**3
    moved = 40 * workload.pairs * dim + 80 * chunks * dim**2
    read = 8 * workload.pairs * dim
    seconds = flop / device.gemm64 + moved / device.copy + read / device.host_copy
    seconds += chunks * ROW_OPERATIONS * device.op_s
    seconds += staging_seconds(rows * dim, device)
    return Option(LinearFitChoice(rows), fit_footprint(rows, dim, device), seconds)


def _move_option(classes: int, workload: Workload, device: DeviceProfile) -> Option:
    dim, batches = workload.dim, -(-workload.classes // classes)
    flop = 4 * workload.classes * dim**3
    moved = 80 * workload.classes * dim**2
    read = 8 * workload.classes * dim**2
    seconds = flop / device.gemm64 + moved / device.copy + read / device.host_copy
    seconds += batches * CLASS_OPERATIONS * device.op_s
    return Option(LinearMoveChoice(classes), move_footprint(classes, dim, device), seconds)
