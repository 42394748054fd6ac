"""Options of the random-feature attention: pairs at a time in the fit, samples and classes at a time in the move.

Torch-free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.compensators.push_plan import push_buffers, push_seconds, push_shapes
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.numerics.staging_plan import staging_buffers
from slora_core.types import Workload

FIT_ROWS: Final = (32, 128, 512, 2048)
FIT_OPERATIONS: Final = 16
MOVE_OPERATIONS: Final = 12


@dataclass(frozen=True, slots=True)
class RffFitChoice:
    """``rows`` pairs are read and summed at a time."""

    rows: int


@dataclass(frozen=True, slots=True)
class RffMoveChoice:
    """``chunk`` samples of each of ``batch`` classes move at a time."""

    chunk: int
    batch: int = 1


def fit_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """One option for each number of rows."""
    rows = sorted({min(rows, workload.pairs) for rows in FIT_ROWS})
    return tuple(_fit_option(count, workload, config.operators.rff.features, device) for count in rows)


def move_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Sample chunks of the policy times class batches."""
    shapes = push_shapes(config.operators.rff.samples, workload.classes, config, device)
    return tuple(_move_option(RffMoveChoice(chunk, batch), workload, config, device) for chunk, batch in shapes)


def _fit_option(rows: int, workload: Workload, features: int, device: DeviceProfile) -> Option:
    pairs, dim = workload.pairs, workload.dim
    footprint = Footprint(
        kept=(
            Buffer("rff_omega", (features, dim)),
            Buffer("rff_offset", (features,)),
            Buffer("rff_values", (features, dim)),
            Buffer("rff_mass", (features, 1)),
        ),
        standing=(
            Buffer("rff_values64", (features, dim), "float64"),
            Buffer("rff_mass64", (features,), "float64"),
            Buffer("rff_part", (features,), "float64"),
            Buffer("rff_before", (rows, dim)),
            Buffer("rff_drift", (rows, dim)),
            Buffer("rff_norm", (rows, 1)),
            Buffer("rff_phi", (rows, features)),
            Buffer("rff_drift64", (rows, dim), "float64"),
            Buffer("rff_phi64", (rows, features), "float64"),
            *((Buffer("rff_ones", (rows,), "float64"),) if device.kind == "cuda" else ()),
            *staging_buffers(max(rows, features) * dim, device),
        ),
    )
    product = 2 * pairs * features * dim
    seconds = product / device.gemm32 + product / device.gemm64 + 8 * pairs * dim / device.host_copy
    seconds += (40 * pairs * (features + dim) + 16 * features * dim * (pairs // rows)) / device.copy
    return Option(RffFitChoice(rows), footprint, seconds + -(-pairs // rows) * FIT_OPERATIONS * device.op_s)


def _move_option(choice: RffMoveChoice, workload: Workload, config: RunConfig, device: DeviceProfile) -> Option:
    settings, dim = config.operators.rff, workload.dim
    rows, samples = choice.batch * choice.chunk, settings.samples * workload.classes
    footprint = Footprint(
        standing=(
            *push_buffers(batch=choice.batch, chunk=choice.chunk, samples=settings.samples, dim=dim, device=device),
            Buffer("rff_query", (rows, dim)),
            Buffer("rff_norm", (rows, 1)),
            Buffer("rff_weight", (rows, 1)),
            Buffer("rff_phi", (rows, settings.features)),
        )
    )
    seconds = push_seconds(
        samples=settings.samples,
        classes=workload.classes,
        batch=choice.batch,
        chunk=choice.chunk,
        dim=dim,
        device=device,
    )
    seconds += 4 * samples * settings.features * dim / device.gemm32
    seconds += 24 * samples * (settings.features + dim) / device.copy
    return Option(choice, footprint, seconds + -(-samples // rows) * MOVE_OPERATIONS * device.op_s)
