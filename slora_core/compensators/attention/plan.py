"""The attention's options: from the fastest to the smallest. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from slora_core.compensators.attention.buffers import key_tiling, line_columns, move_footprint
from slora_core.compensators.attention.choice import (
    CUDA_LEAST_ROWS,
    CUDA_LEAST_SCORES,
    KEY_STEP,
    MOST_SELECTED_ROWS,
    ROW_STEP,
    AttentionChoice,
    Form,
    KeepPairs,
)
from slora_core.compensators.attention.cost import move_seconds
from slora_core.compensators.attention.top_k import rows_in_small_blocks
from slora_core.compensators.push_plan import CUDA_BATCHES, push_shapes
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Footprint
from slora_core.memory.plan import Option
from slora_core.memory.policies import MOST_PINNED_BYTES, SEED_CHUNK
from slora_core.numerics.tiles import round_up
from slora_core.types import Workload

STREAMED_PANELS: Final = (256, 2048)
TILE_PANELS: Final = (KEY_STEP, 512, 4096, 16384)
CUDA_LEAST_PANEL: Final = 512
PINNED_PANELS: Final = (1024, 2048, 3072, 4096, 8192)
STRIPS: Final = (512, MOST_SELECTED_ROWS)
"""Rows that a device selects from at once: more are faster, and take larger buffers."""
READ_AHEAD_PANELS: Final = (2048, 4096, 8192)
WIDE_BATCHES: Final = (16, 32)
"""Classes of a pass, at most, where reading the keys is what takes time."""
_PINNED_FORMS: Final[tuple[Form, ...]] = ("rows", "tiles")
MOST_MEANS: Final = 256


def fit_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """One: the pairs are the fitted operator."""
    return (Option(KeepPairs(), Footprint(), 0.0),)


def move_options(workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Query chunks of the policy times class batches times ways to walk over the keys.

    With the measure ``tiled_attention`` off, the seed's form alone.
    """
    padded = (_padded(choice, workload, config, device) for choice in _choices(workload, config, device))
    return tuple(
        Option(
            choice,
            move_footprint(workload, config, device, choice),
            move_seconds(workload, config, device, choice),
        )
        for choice in dict.fromkeys(padded)
    )


def _padded(choice: AttentionChoice, workload: Workload, config: RunConfig, device: DeviceProfile) -> AttentionChoice:
    """Rows enough for a device's products to be of one kind, and selected from so few at once that the library takes
    small blocks; the seed's form is what it was."""
    if device.kind != "cuda" or choice.form == "materialised":
        return choice
    tiling = key_tiling(workload.pairs, choice.panel)
    least = max(CUDA_LEAST_ROWS, round_up(-(-CUDA_LEAST_SCORES // tiling.width), ROW_STEP))
    padded = replace(choice, least_rows=least)
    strip = rows_in_small_blocks(padded.selected_rows, line_columns(tiling, padded, config.operators.attention.top_k))
    return replace(padded, strip=strip) if strip < padded.selected_rows else padded


def _choices(workload: Workload, config: RunConfig, device: DeviceProfile) -> Iterator[AttentionChoice]:
    settings = config.operators.attention
    if not config.measures.tiled_attention:
        chunk = 1 if settings.mean_only else min(SEED_CHUNK, settings.samples)
        yield AttentionChoice(chunk, workload.pairs, resident=True, form="materialised")
        return
    for chunk, batch in _query_rows(workload, config, device):
        most = _most_panel(chunk, batch, workload, device)
        yield AttentionChoice(chunk, min(workload.pairs, most), resident=True, batch=batch)
        for panel in STREAMED_PANELS:
            yield AttentionChoice(chunk, min(panel, workload.pairs, most), resident=False, batch=batch)
        strips = _strips(chunk * batch, device)
        for panel in TILE_PANELS:
            if panel < workload.pairs and (device.kind != "cuda" or panel >= CUDA_LEAST_PANEL):
                tile = AttentionChoice(chunk, min(panel, most), resident=False, batch=batch, form="tiles")
                yield from (replace(tile, strip=strip) for strip in strips)
        for choice in _pinned(workload, device, chunk, batch, most):
            yield from (replace(choice, strip=strip) for strip in (strips if choice.form == "tiles" else (0,)))
    if device.kind == "cuda" and not _can_be_pinned(workload):
        yield from _read_ahead(workload, config, device)


def _most_panel(chunk: int, batch: int, workload: Workload, device: DeviceProfile) -> int:
    """Keys of one product that a cancel can wait for."""
    return max(KEY_STEP, int(device.slice_flop / (2 * max(chunk * batch, ROW_STEP) * workload.dim)))


def _strips(rows: int, device: DeviceProfile) -> tuple[int, ...]:
    """The host selects in place; a device from strips, which differ from all rows only below them."""
    return tuple(strip for strip in STRIPS if device.kind == "cuda" and strip < rows) or (0,)


def _pinned(workload: Workload, device: DeviceProfile, chunk: int, batch: int, most: int) -> Iterator[AttentionChoice]:
    """Tiles from host memory, beside a CUDA device, while what that takes there is moderate."""
    if device.kind != "cuda" or not _can_be_pinned(workload):
        return
    for panel in PINNED_PANELS:
        if panel < workload.pairs:
            for form in _PINNED_FORMS:
                yield AttentionChoice(chunk, min(panel, most), resident=False, batch=batch, form=form, pinned=True)


def _can_be_pinned(workload: Workload) -> bool:
    return 8 * workload.pairs * workload.dim <= MOST_PINNED_BYTES


def _read_ahead(workload: Workload, config: RunConfig, device: DeviceProfile) -> Iterator[AttentionChoice]:
    """Beside a CUDA device, where all keys are more than its host should lock.

    Scores of all keys, which are computed once, while they take less than the keys would.
    """
    wide = _wide_query_rows(workload, config, device)
    for chunk, batch in (*_query_rows(workload, config, device), *wide):
        rows, most = chunk * batch, _most_panel(chunk, batch, workload, device)
        choice = AttentionChoice(chunk, 0, resident=False, batch=batch, read_ahead=True)
        if rows <= 2 * workload.dim:
            yield replace(choice, panel=min(READ_AHEAD_PANELS[0], workload.pairs, most))
        for panel in READ_AHEAD_PANELS:
            if panel < workload.pairs and 16 * panel * workload.dim <= MOST_PINNED_BYTES:
                yield replace(choice, panel=min(panel, most), form="tiles", strip=_strips(rows, device)[-1])


def _query_rows(workload: Workload, config: RunConfig, device: DeviceProfile) -> list[tuple[int, int]]:
    """(samples of a class, classes) of a pass, without chunks that are padded to the same rows as a larger one."""
    settings = config.operators.attention
    if settings.mean_only:
        return [(1, batch) for batch in sorted({min(batch, workload.classes) for batch in (ROW_STEP, MOST_MEANS)})]
    shapes = push_shapes(settings.samples, workload.classes, config, device)
    if config.memory.policy == "fixed":
        return shapes
    if device.kind == "cuda":
        return [shape for shape in shapes if shape[0] * shape[1] >= CUDA_LEAST_ROWS] or shapes
    least = min(ROW_STEP, settings.samples)
    return [(chunk, batch) for chunk, batch in shapes if chunk >= least]


def _wide_query_rows(workload: Workload, config: RunConfig, device: DeviceProfile) -> list[tuple[int, int]]:
    """All samples of more classes than elsewhere, whose covariances come in through pinned memory as well."""
    settings = config.operators.attention
    if settings.mean_only:
        return []
    passes = [-(-workload.classes // batch) for batch in WIDE_BATCHES]
    even = tuple(-(-workload.classes // count) for count in passes if count)
    shapes = push_shapes(settings.samples, workload.classes, config, device, even)
    whole, most = max(chunk for chunk, _ in shapes), MOST_PINNED_BYTES // (8 * workload.dim**2)
    return [(chunk, batch) for chunk, batch in shapes if chunk == whole and max(CUDA_BATCHES) < batch <= most]
