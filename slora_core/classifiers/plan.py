"""The options of an evaluation: rows scored at a time, classes of LR-RGDA held at a time. Torch-free.

No option holds more than one covariance in float32 and three [d, d] squares in float64, whatever the number of classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint, arena_bytes
from slora_core.memory.plan import Option
from slora_core.memory.policies import candidate_chunks
from slora_core.numerics.staging_plan import staging_buffers
from slora_core.types import Workload

MOST_ROWS = 1024
CLASS_OPERATIONS = 15
BLOCK_OPERATIONS = 8
EIGEN_FLOP = 40


@dataclass(frozen=True, slots=True)
class EvaluationChoice:
    """``rows`` scored at a time; ``classes`` whose rank-r factors LR-RGDA holds at a time."""

    rows: int
    classes: int


def evaluate_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Options for evaluating the classifiers of ``config`` on C + new classes; none without evaluation rows.

    Beyond some thousand rows at a time nothing gets faster; of the chunks of a policy every second one is offered.
    """
    if workload.evaluation_rows < 1:
        return ()
    ceiling = max(8, min(MOST_ROWS, int(device.slice_flop / workload.dim**2)))
    chunks = candidate_chunks(config, min(workload.evaluation_rows, ceiling))
    return tuple(
        _option(EvaluationChoice(rows, classes), workload, config, device)
        for rows in (chunks if len(chunks) < 4 else sorted({chunks[0], *chunks[::-2]}))
        for classes in _class_batches(workload, config)
    )


def evaluation_steps(names: Sequence[str], classes: int) -> int:
    """What ``evaluate`` advances its stage by, in classes scored."""
    return len(names) * classes


def evaluation_footprint(
    choice: EvaluationChoice, workload: Workload, config: RunConfig, device: DeviceProfile
) -> Footprint:
    """Scores [M, C] and the row buffers stand; each classifier is a phase of its own."""
    names, classes, dim = config.classifiers.names, workload.classes + workload.new_classes, workload.dim
    rank = min(config.classifiers.rank, dim)
    phases = tuple((name, _own_buffers(name, choice, classes, dim, rank)) for name in names)
    standing = (
        Buffer("scores", (workload.evaluation_rows, classes), "float64"),
        Buffer("predicted", (workload.evaluation_rows,), "int64"),
        *shared_buffers(names, choice.rows, classes, dim, device),
    )
    return Footprint(standing=standing, phases=phases, workspace_bytes=_library_bytes(names, dim, device))


def built_footprint(
    name: str, choice: EvaluationChoice, dim: int, config: RunConfig, device: DeviceProfile
) -> Footprint:
    """One classifier with all its ``choice.classes`` resident, and the buffers of its construction."""
    own = _own_buffers(name, choice, choice.classes, dim, min(config.classifiers.rank, dim))
    shared = shared_buffers((name,), choice.rows, choice.classes, dim, device)
    return Footprint(standing=shared + own, workspace_bytes=_library_bytes((name,), dim, device))


def shared_buffers(
    names: Sequence[str], rows: int, classes: int, dim: int, device: DeviceProfile
) -> tuple[Buffer, ...]:
    """Buffers that all classifiers use in turn: a block of rows, one class, and the mean covariance."""
    shared = [
        Buffer("rows32", (rows, dim)),
        Buffer("rows64", (rows, dim), "float64"),
        Buffer("norms", (rows,), "float64"),
        Buffer("mean32", (dim,)),
    ]
    squares = any(name != "ncm" for name in names)
    if squares:
        shared += [
            Buffer("covariance32", (dim, dim)),
            Buffer("pooled", (dim, dim), "float64"),
            Buffer("square", (dim, dim), "float64"),
            Buffer("diagonal", (dim,), "float64"),
            Buffer("info", (classes + 1,), "int32"),
        ]
    staged = max(rows * dim, dim * dim if squares else 0)
    return (*shared, *staging_buffers(staged, device))


def _own_buffers(name: str, choice: EvaluationChoice, classes: int, dim: int, rank: int) -> tuple[Buffer, ...]:
    if name in ("ncm", "lda"):
        return (Buffer("weights", (classes, dim), "float64"), Buffer("bias", (classes,), "float64"))
    if name == "qda":
        return (Buffer("mean", (dim,), "float64"), Buffer("offset", (1,), "float64"))
    return (
        Buffer("eigenvectors", (dim, dim), "float64"),
        Buffer("factors", (choice.classes, rank, dim), "float64"),
        Buffer("means", (choice.classes, dim), "float64"),
        Buffer("offsets", (choice.classes + 1,), "float64"),
        Buffer("small", (rank, rank), "float64"),
        Buffer("centred", (choice.rows, dim), "float64"),
        Buffer("projected", (choice.rows, rank), "float64"),
        Buffer("inner", (choice.rows,), "float64"),
    )


def _library_bytes(names: Sequence[str], dim: int, device: DeviceProfile) -> int:
    """Room for the eigensolver of the device's library, whose divide and conquer takes two squares and a bit at least.

    One block of the pool: left to itself the pool would take 20 MiB for pieces of more than one.
    """
    if device.kind != "cuda":
        return 0
    if "lr-rgda" not in names:
        return 0
    eigen = 8 * (2 * dim * dim + 6 * dim + 1)
    return arena_bytes(max(eigen, device.workspace_bytes.get("eigh", 0)))


def _class_batches(workload: Workload, config: RunConfig) -> tuple[int, ...]:
    classes = workload.classes + workload.new_classes
    if "lr-rgda" not in config.classifiers.names:
        return (classes,)
    return tuple(sorted({1, min(8, classes), classes}))


def _option(choice: EvaluationChoice, workload: Workload, config: RunConfig, device: DeviceProfile) -> Option:
    footprint = evaluation_footprint(choice, workload, config, device)
    seconds = sum(_seconds(name, choice, workload, config, device) for name in config.classifiers.names)
    return Option(choice, footprint, seconds)


def _seconds(
    name: str, choice: EvaluationChoice, workload: Workload, config: RunConfig, device: DeviceProfile
) -> float:
    rows, dim = workload.evaluation_rows, workload.dim
    classes = workload.classes + workload.new_classes
    blocks, square = -(-rows // choice.rows), dim * dim
    read_s = 4 * classes * square / device.host_copy
    rows_s = 12 * rows * dim / device.copy
    if name in ("ncm", "lda"):
        flop = 2 * rows * classes * dim + (dim**3 / 3 + 2 * classes * square if name == "lda" else 0)
        return flop / device.gemm64 + rows_s + blocks * BLOCK_OPERATIONS * device.op_s
    class_s = read_s + 40 * classes * square / device.copy + classes * CLASS_OPERATIONS * device.op_s
    if name == "qda":
        flop = classes * (dim**3 / 3 + rows * square)
        return flop / device.gemm64 + class_s + classes * (2 * rows_s + blocks * BLOCK_OPERATIONS * device.op_s)
    rank, passes = min(config.classifiers.rank, dim), -(-classes // choice.classes)
    flop = classes * (EIGEN_FLOP * dim**3 + 2 * rank * square + 2 * rows * dim * rank) + passes * rows * square
    scoring_s = (classes + passes) * (2 * rows_s + blocks * BLOCK_OPERATIONS * device.op_s)
    return flop / device.gemm64 + class_s + scoring_s
