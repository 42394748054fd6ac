"""What the class statistics take: one pass over labelled rows, and the check of a class state. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.numerics.moments_plan import MOST_BLOCK_ROWS, moment_buffers
from slora_core.numerics.staging_plan import staging_buffers
from slora_core.types import Workload

_CHUNKS: Final = (32, 128, 512)


@dataclass(frozen=True, slots=True)
class StatisticsChoice:
    """Classes accumulated in one pass over the rows, and rows read at a time."""

    classes: int
    rows: int


@dataclass(frozen=True, slots=True)
class CheckChoice:
    """A class state is looked at and copied in one form: one class at a time."""


def statistics_footprint(choice: StatisticsChoice, dim: int, device: DeviceProfile) -> Footprint:
    """Rows as they are read and sorted by class, moments of the classes of one pass, and one class's result.

    The block of the moments has a fixed size, so that no choice changes a bit of the result.
    """
    return Footprint(
        standing=(
            Buffer("class_rows", (choice.rows, dim)),
            Buffer("class_sorted", (choice.rows, dim)),
            Buffer("class_order", (choice.rows,), "int64"),
            Buffer("class_mean", (1, dim)),
            Buffer("class_covariance", (1, dim, dim)),
            *moment_buffers(choice.classes, MOST_BLOCK_ROWS, dim),
            *staging_buffers(max(choice.rows, dim) * dim, device),
        )
    )


def statistics_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Every pass size in powers of two up to all new classes, with small to large chunks of rows."""
    classes = max(1, workload.new_classes)
    groups = sorted({min(2**power, classes) for power in range(classes.bit_length() + 1)})
    choices = (StatisticsChoice(group, chunk) for group in groups for chunk in _CHUNKS)
    return tuple(
        Option(choice, statistics_footprint(choice, workload.dim, device), _seconds(choice, workload, device))
        for choice in choices
    )


def held_buffers(classes: int, dim: int) -> tuple[Buffer, ...]:
    """A class state held whole, when the device split is off."""
    return (Buffer("held_means", (classes, dim)), Buffer("held_covariances", (classes, dim, dim)))


def check_footprint(dim: int, device: DeviceProfile) -> Footprint:
    """One class in host memory, whatever the device."""
    pinned = device.kind == "cuda"
    return Footprint(
        standing=(
            Buffer("check_mean", (dim,), pinned=pinned),
            Buffer("check_covariance", (dim, dim), pinned=pinned),
        )
    )


def check_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """The one way to check a class state."""
    seconds = workload.classes * (16.0 * workload.dim**2 / device.host_copy + 4 * device.op_s)
    return (Option(CheckChoice(), check_footprint(workload.dim, device), seconds),)


def copied_options(workload: Workload, device: DeviceProfile) -> tuple[Option, ...]:
    """The one way to bring finished statistics into a state: one class after another, through the host."""
    dim, pinned = workload.dim, device.kind == "cuda"
    buffers = (Buffer("copied_mean", (dim,), pinned=pinned), Buffer("copied_covariance", (dim, dim), pinned=pinned))
    seconds = workload.new_classes * (16.0 * dim**2 / device.host_copy + 4 * device.op_s)
    return (Option(CheckChoice(), Footprint(standing=buffers), seconds),)


def _seconds(choice: StatisticsChoice, workload: Workload, device: DeviceProfile) -> float:
    rows, dim = max(workload.pairs, workload.evaluation_rows), workload.dim
    classes = max(1, workload.new_classes)
    passes = -(-classes // choice.classes)
    products = 2.0 * rows * dim * dim / device.gemm64
    reading = passes * rows * dim * 4 / device.host_copy
    finishing = classes * 5 * dim * dim * 8 / device.copy
    operations = passes * rows / choice.rows * (6 + 4 * min(choice.classes, choice.rows)) + classes * (dim / 8 + 8)
    return products + reading + finishing + operations * device.op_s
