"""Buffers and time of pushing class Gaussians through a transition by samples. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer
from slora_core.memory.policies import candidate_chunks
from slora_core.numerics.moments_plan import moment_buffers
from slora_core.numerics.staging_plan import staging_buffers

MOST_ROWS: Final = 2**14
CPU_BATCH: Final = 4
CUDA_BATCH: Final = 16


def push_shapes(samples: int, classes: int, config: RunConfig, device: DeviceProfile) -> list[tuple[int, int]]:
    """(samples of a class, classes) to push at once: the chunks of the policy, of one class and of several.

    Several classes pay on CUDA, where small factors are slow one by one, and on a CPU when a class has few samples.
    """
    batch = min(classes, CPU_BATCH if device.kind == "cpu" else CUDA_BATCH)
    chunks = candidate_chunks(config, samples)
    shapes = [(chunk, 1) for chunk in chunks]
    for chunk in chunks if device.kind != "cpu" else chunks[-1:]:
        if batch > 1 and chunk * batch <= MOST_ROWS:
            shapes.append((chunk, batch))
    return shapes


def push_buffers(
    *, batch: int, chunk: int, dim: int, device: DeviceProfile, blend: bool = True, staging_rows: int = 0
) -> tuple[Buffer, ...]:
    """Standing buffers of :class:`~slora_core.compensators.push.GaussianPush`.

    ``batch`` classes at a time, ``chunk`` samples of each; the transition sees ``batch * chunk`` rows of ``dim``. The
    factor's memory receives the moved covariance. With ``blend`` the rows are as many as the input covariance needs,
    which is read again into them for ``finish``. A transition that itself stages rows says how many at once.
    """
    rows = batch * max(chunk, dim if blend else 0)
    return (
        Buffer("push_mean", (batch, dim)),
        Buffer("push_mean_out", (batch, dim)),
        Buffer("push_factor", (batch, dim, dim)),
        Buffer("push_info", (batch,), "int32"),
        Buffer("push_scale", (1,)),
        Buffer("push_rows", (rows, dim)),
        Buffer("push_noise", (chunk, dim)),
        *moment_buffers(batch, chunk, dim),
        *staging_buffers(max(chunk, dim, staging_rows) * dim, device),
    )


def push_seconds(*, samples: int, classes: int, batch: int, chunk: int, dim: int, device: DeviceProfile) -> float:
    """Seconds of everything but the transition: factors, samples, moments, reading and writing."""
    rows = samples * classes
    factor = classes * dim**3 / device.gemm64
    sample = 2 * rows * dim**2 / device.gemm32 + 12 * rows * dim / device.copy
    moments = 2 * rows * dim**2 / device.gemm64 + 40 * rows * dim / device.copy
    transfer = (4 * classes * 3 * dim**2 + 4 * rows * dim / batch) / device.host_copy
    chunks = -(-samples // chunk)
    calls = -(-classes // batch) * (30 + chunks * (12 + batch))
    return factor + sample + moments + transfer + calls * device.op_s
