"""Buffers and time of pushing class Gaussians through a transition by samples. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.compensators.class_port_plan import DOUBTS, class_port_buffers
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer
from slora_core.memory.policies import candidate_chunks
from slora_core.numerics.moments_plan import block_rows, moment_buffers
from slora_core.numerics.staging_plan import staging_buffers
from slora_core.numerics.tiles import round_up

MOST_ROWS: Final = 2**14
CPU_BATCH: Final = 4
CUDA_BATCHES: Final = (2, 4, 8)
CUDA_LEAST_ROWS: Final = 64


def push_shapes(
    samples: int,
    classes: int,
    config: RunConfig,
    device: DeviceProfile,
    cuda_batches: tuple[int, ...] = CUDA_BATCHES,
) -> list[tuple[int, int]]:
    """(samples of a class, classes) to push at once: the chunks of the policy, of one class and of several.

    ``cuda_batches`` are how many those are beside a CUDA device.
    Several classes pay on CUDA, where small factors are slow one by one, and on a CPU when a class has few samples.
    """
    chunks = candidate_chunks(config, samples)
    if device.kind == "cpu":
        batch = min(CPU_BATCH, classes)
        several = [(chunks[-1], batch)] if batch > 1 and chunks[-1] * batch <= MOST_ROWS else []
        return [*((chunk, 1) for chunk in chunks), *several]
    batches = sorted({1, *(min(batch, classes) for batch in cuda_batches)})
    return [
        (chunk, batch)
        for batch in batches
        for chunk in chunks
        if (chunk == chunks[-1] and batch == 1) or CUDA_LEAST_ROWS <= chunk * batch <= MOST_ROWS
    ]


def draw_step(kind: str) -> int:
    """Samples are drawn in products of a multiple of this many rows, on CUDA of exactly as many, one by one.

    Libraries compute few rows, odd edges, other sizes and other numbers of products with other kernels, which round
    differently; with these steps a sample has the same bits in every chunk, and meets the same neighbours. On CUDA
    they are large enough to fill a card and small beside the rows of a pass.
    """
    return 512 if kind == "cuda" else 16


def push_buffers(
    *, batch: int, chunk: int, dim: int, device: DeviceProfile, samples: int = 0, blend: bool = True
) -> tuple[Buffer, ...]:
    """Standing buffers of :class:`~slora_core.compensators.push.GaussianPush`.

    ``batch`` classes at a time, ``chunk`` of the ``samples`` of each; the transition sees ``batch * chunk`` rows of
    ``dim``. The factor's memory receives the moved covariance. With ``blend`` the rows are as many as the
    input covariance needs, which is fetched again into them for ``finish``.
    """
    drawn = round_up(chunk, draw_step(device.kind))
    rows = max(batch * chunk + drawn - chunk, batch * dim if blend else 0)
    return (
        Buffer("push_mean", (batch, dim)),
        Buffer("push_mean_out", (batch, dim)),
        Buffer("push_factor", (batch, dim, dim)),
        Buffer("push_info", (batch,), "int32"),
        Buffer("push_scale", (1,), "float64"),
        Buffer("push_rows", (rows, dim)),
        Buffer("push_noise", (drawn, dim)),
        *moment_buffers(batch, chunk, dim, device),
        *staging_buffers(chunk * dim, device),
        *class_port_buffers(batch, dim, device),
        *(_beside_a_device(batch, chunk, samples, dim, device) if device.kind == "cuda" else ()),
    )


def _beside_a_device(batch: int, chunk: int, samples: int, dim: int, device: DeviceProfile) -> tuple[Buffer, ...]:
    """The noise that all classes share, on the host, ones for sums that are products, and what the host is told."""
    return (
        Buffer("push_doubts", (batch, DOUBTS)),
        Buffer("push_noise_held", (samples, dim), pinned=True),
        Buffer("push_ones", (block_rows(chunk, device),), "float64"),
    )


def push_seconds(*, samples: int, classes: int, batch: int, chunk: int, dim: int, device: DeviceProfile) -> float:
    """Seconds of everything but the transition: factors, samples, moments, reading and writing."""
    rows = samples * classes
    factor = classes * dim**3 / device.gemm64
    chunks = -(-samples // chunk)
    drawn = classes * chunks * round_up(chunk, draw_step(device.kind))
    sample = 2 * drawn * dim**2 / device.gemm32 + 12 * drawn * dim / device.copy
    moments = 2 * rows * dim**2 / device.gemm64 + 40 * rows * dim / device.copy
    batches = -(-classes // batch)
    products = batch * -(-chunk // draw_step(device.kind)) if device.kind == "cuda" else batch
    work = factor + sample + moments + batches * (30 * device.op_s + chunks * (12 + products) * device.replay_s)
    classes_s = 4 * classes * 3 * dim**2 / device.host_copy
    if device.kind == "cuda":  # classes are read ahead and written behind
        return max(work + batches * (device.wait_s + chunks * 4 * chunk * dim / device.bus), classes_s)
    return work + classes_s + 4 * rows * dim / batch / device.host_copy
