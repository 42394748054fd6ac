"""Seconds of an attention move, from the rates of a device. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.compensators.attention.buffers import key_tiling
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.push_plan import push_seconds
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.types import Workload

HALF_RATE_ROWS: Final = {"cpu": 48, "cuda": 130}
"""Query rows at which products reach half their full rate, measured: below, loading keys costs more than the sums."""

HALF_RATE_SCORES: Final = 5e5
"""Scores of a product at which a card reaches half its rate, measured on an H200."""


_READINGS: Final = 3
"""Arrays that a pass reads: keys, and then what drift is the difference of, or that and the keys again."""

LONG_READS: Final = 1.5
"""How much faster than short blocks the rows of whole tiles are read, by several threads: 8.6 against 5.5 GB/s,
measured beside an H200."""


def move_seconds(workload: Workload, config: RunConfig, device: DeviceProfile, choice: AttentionChoice) -> float:
    """Products, selection, elementwise passes, reads of keys and the push around them.

    Passes over keys that the host streams cannot be recorded.
    """
    settings = config.operators.attention
    samples = 1 if settings.mean_only else settings.samples
    passes = -(-workload.classes // choice.batch) * -(-samples // choice.chunk)
    padded = choice.rows > choice.batch * choice.chunk
    rows = passes * choice.rows if padded else workload.classes * samples
    seconds = rows * _row_seconds(workload, settings.top_k, device, choice)
    operations = passes * (20 + key_tiling(workload.pairs, choice.panel).parts * _tile_operations(choice, device))
    if choice.read_ahead:
        seconds = _beside_reading(seconds, operations, workload, device, passes)
    elif choice.pinned:
        seconds = max(seconds, _bus_seconds(workload, device, choice, passes)) + _pinning_seconds(workload, device)
        seconds += operations * device.replay_s
    else:
        seconds += _key_seconds(workload, device, choice, passes)
        seconds += operations * (device.replay_s if choice.resident else device.op_s)
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


def _tile_operations(choice: AttentionChoice, device: DeviceProfile) -> int:
    """A device selects in a dozen small kernels a strip, and cuts ties in as many a tile."""
    if device.kind != "cuda" or choice.form != "tiles":
        return 12
    return 25 + 14 * -(-choice.rows // choice.selected_rows)


def _row_seconds(workload: Workload, top_k: int, device: DeviceProfile, choice: AttentionChoice) -> float:
    """One query against all keys."""
    pairs, dim = workload.pairs, workload.dim
    width = key_tiling(pairs, choice.panel).width
    selecting, tiled = top_k < pairs, choice.form == "tiles"
    rate = device.gemm32 * _share_of_rate(choice.rows, width, device)
    products = 3 if tiled and selecting else 2
    seconds = products * 2 * pairs * dim / rate
    if selecting:
        compared = pairs * (width + top_k + 1) / width if tiled else pairs
        seconds += compared / device.select
    if choice.form == "materialised":
        seconds += 12 * pairs * dim / device.copy
    return seconds + 12 * pairs / device.copy


def _share_of_rate(rows: int, width: int, device: DeviceProfile) -> float:
    """On a card, whose idle multiprocessors are the loss, the full rate is reached sooner, by rows and by products."""
    half = HALF_RATE_ROWS.get(device.kind, 0)
    if device.kind == "cuda":
        return rows**2 / (rows**2 + half**2) * (rows * width) / (rows * width + HALF_RATE_SCORES)
    return rows / (rows + half)


def _bus_seconds(workload: Workload, device: DeviceProfile, choice: AttentionChoice, passes: int) -> float:
    """Tiles from pinned memory in every pass, beside the work: keys, then drift, and keys again for tiles of scores."""
    times = 3 if choice.form == "tiles" else 2
    return times * passes * 4 * workload.pairs * workload.dim / device.bus


def _pinning_seconds(workload: Workload, device: DeviceProfile) -> float:
    """Once: reading, and locking the pages of the host."""
    return 8 * workload.pairs * workload.dim * (1 / device.host_copy + 1 / device.pinning)


def _key_seconds(workload: Workload, device: DeviceProfile, choice: AttentionChoice, passes: int) -> float:
    """Reading and normalising: once when resident, else keys and then keys and drift in every pass."""
    elements = workload.pairs * workload.dim
    once = 4 * elements / device.host_copy + 4 * elements / device.copy
    return 2 * once if choice.resident else _READINGS * once * passes


def _beside_reading(work: float, operations: float, workload: Workload, device: DeviceProfile, passes: int) -> float:
    """Keys are read ahead in every pass while the host tells the device what to do, and the device does it."""
    elements = _READINGS * passes * workload.pairs * workload.dim
    on_device = work + operations * device.replay_s + 4 * elements / device.copy
    return max(on_device, operations * device.op_s, 4 * elements / (LONG_READS * device.host_copy))
