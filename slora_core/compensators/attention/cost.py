"""Seconds of an attention move, from the rates of a device. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.compensators.attention.buffers import key_tiling
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.push_plan import push_seconds
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.types import Workload

HALF_RATE_ROWS: Final = 64
"""Query rows at which a product reaches half its full rate: below, packing the keys costs as much as multiplying."""


def move_seconds(workload: Workload, config: RunConfig, device: DeviceProfile, choice: AttentionChoice) -> float:
    """Products, selection, elementwise passes, reads of keys and the push around them."""
    settings = config.operators.attention
    samples = 1 if settings.mean_only else settings.samples
    passes = -(-workload.classes // choice.batch) * -(-samples // choice.chunk)
    padded = choice.rows > choice.batch * choice.chunk
    rows = passes * choice.rows if padded else workload.classes * samples
    seconds = rows * _row_seconds(workload, settings.top_k, device, choice)
    seconds += _key_seconds(workload, device, choice, passes)
    seconds += passes * (20 + 12 * key_tiling(workload.pairs, choice.panel).parts) * device.op_s
    if not settings.mean_only:
        seconds += push_seconds(
            samples=samples,
            classes=workload.classes,
            batch=choice.batch,
            chunk=choice.chunk,
            dim=workload.dim,
            device=device,
        )
    return seconds


def _row_seconds(workload: Workload, top_k: int, device: DeviceProfile, choice: AttentionChoice) -> float:
    """One query against all keys."""
    pairs, dim = workload.pairs, workload.dim
    width = key_tiling(pairs, choice.panel).width
    selecting, tiled = top_k < pairs, choice.form == "tiles"
    rate = device.gemm32 * choice.rows / (choice.rows + HALF_RATE_ROWS)
    products = 3 if tiled and selecting else 2
    seconds = products * 2 * pairs * dim / rate
    if selecting:
        compared = pairs * (width + top_k + 1) / width if tiled else pairs
        seconds += compared / device.select
    if choice.form == "materialised":
        seconds += 12 * pairs * dim / device.copy
    return seconds + 12 * pairs / device.copy


def _key_seconds(workload: Workload, device: DeviceProfile, choice: AttentionChoice, passes: int) -> float:
    """Reading and normalising: once when resident, else keys and then keys and drift in every pass."""
    elements = workload.pairs * workload.dim
    once = 4 * elements / device.host_copy + 12 * elements / device.copy
    return 2 * once if choice.resident else 3 * once * passes
