"""The buffers of an attention move, for each choice. Torch-free."""

from __future__ import annotations

from typing import Final

from slora_core.compensators.attention.choice import KEY_STEP, AttentionChoice
from slora_core.compensators.attention.top_k import top_k_bytes
from slora_core.compensators.push_plan import push_buffers
from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.numerics.staging_plan import staging_buffers
from slora_core.numerics.tiles import Tiling, even_tiles, round_up
from slora_core.types import Workload

LOAD_ROWS: Final = 2048
"""Pairs read and normalised at once."""

KEY_SLOTS: Final = 2
"""Places on a device for what comes from its host beforehand: one is worked on, one is on its way."""

TIE_SLOTS: Final = 8
"""Rows of a pass whose ties a device cuts by itself. About one of 1,000 rows of features has any."""

RANK_STEP: Final = 128
"""Scores of a row that are ranked together: a card gives one block to a row, however long it is."""

_SCRATCH_ELEMENTS: Final = 2**15


def key_tiling(pairs: int, panel: int) -> Tiling:
    """Tiles of the keys, of a width that products like."""
    return even_tiles(pairs, panel, KEY_STEP)


def line_columns(tiling: Tiling, choice: AttentionChoice, selected: int) -> int:
    """Scores of a row among which a device looks for the ``selected`` largest: of all keys, or of a tile and those
    kept."""
    return tiling.width + selected + 1 if choice.form == "tiles" else tiling.length


def move_footprint(workload: Workload, config: RunConfig, device: DeviceProfile, choice: AttentionChoice) -> Footprint:
    """Everything that a move with ``choice`` allocates."""
    dim, tiling = workload.dim, key_tiling(workload.pairs, choice.panel)
    if config.operators.attention.mean_only:
        moved = (
            Buffer("attention_mean", (choice.batch, dim)),
            Buffer("attention_cov", (dim, dim)),
            *staging_buffers(dim**2, device),
        )
    else:
        samples = config.operators.attention.samples
        moved = push_buffers(batch=choice.batch, chunk=choice.chunk, samples=samples, dim=dim, device=device)
    top_k = config.operators.attention.top_k
    selected = top_k if top_k < workload.pairs else None
    return Footprint(
        standing=(
            *moved,
            *_key_buffers(tiling, dim, choice, device),
            *_score_buffers(tiling, dim, choice, device, 0 if device.kind == "cuda" else selected),
            *_selection_buffers(tiling, choice, selected, device),
        ),
        workspace_bytes=_library_bytes(tiling, choice, selected, device),
    )


def _key_buffers(tiling: Tiling, dim: int, choice: AttentionChoice, device: DeviceProfile) -> tuple[Buffer, ...]:
    """Keys and drift, or the slots through which both come by turns from pinned memory."""
    held = tiling.length if choice.resident else tiling.width * (KEY_SLOTS if choice.read_ahead else 1)
    rows = min(LOAD_ROWS, tiling.length if choice.resident else tiling.width)
    arrays = (
        (Buffer("attention_tiles", (KEY_SLOTS, tiling.width, dim)),)
        if choice.pinned
        else (Buffer("attention_keys", (held, dim)), Buffer("attention_drift", (held, dim)))
    )
    return (
        *_pinned_key_buffers(tiling, dim, choice),
        *arrays,
        Buffer("attention_key_norm", (rows, 1)),
        *(() if choice.read_ahead else staging_buffers(rows * dim, device, "attention_staging")),
    )


def _pinned_key_buffers(tiling: Tiling, dim: int, choice: AttentionChoice) -> tuple[Buffer, ...]:
    """All keys and drift, or tiles of rows as they are read."""
    if choice.pinned:
        name, rows = "held", tiling.length
    elif choice.read_ahead:
        name, rows = "ahead", KEY_SLOTS * tiling.width
    else:
        return ()
    return tuple(Buffer(f"attention_{array}_{name}", (rows, dim), pinned=True) for array in ("keys", "drift"))


def _score_buffers(
    tiling: Tiling, dim: int, choice: AttentionChoice, device: DeviceProfile, kept: int | None
) -> tuple[Buffer, ...]:
    """``kept`` largest scores of a row lie beside those of a tile, where the host selects."""
    rows = choice.rows
    if choice.form == "tiles":
        beside = kept + 1 if kept else 0
        scores = [
            Buffer("attention_scores", (rows, tiling.width + beside)),
            Buffer("attention_moved", (rows, dim)),
            Buffer("attention_part", (rows, 1)),
        ]
    else:
        scores = [Buffer("attention_scores", (rows, tiling.length))]
    if choice.form == "materialised":
        scores.append(Buffer("attention_product", (rows, tiling.length, dim)))
        if device.kind == "cuda":
            scores.append(Buffer("attention_ones", (tiling.length,)))
    return (
        Buffer("attention_query", (rows, dim)),
        *scores,
        *(Buffer(f"attention_{name}", (rows, 1)) for name in ("norm", "below", "top", "total")),
    )


def _library_bytes(tiling: Tiling, choice: AttentionChoice, selected: int | None, device: DeviceProfile) -> int:
    """What CUDA's libraries take beside the buffers: a selection."""
    if not selected or device.kind != "cuda":
        return 0
    return top_k_bytes(choice.selected_rows, line_columns(tiling, choice, selected))


def _selection_buffers(
    tiling: Tiling, choice: AttentionChoice, selected: int | None, device: DeviceProfile
) -> tuple[Buffer, ...]:
    """Beside the scores: what finding the k-th largest and breaking ties by index needs."""
    if selected is None:
        return ()
    rows, wide = choice.rows, tiling.width if choice.form == "tiles" else tiling.length
    line = max(wide, selected + 1)
    ties = (
        Buffer("attention_threshold", (rows, 1)),
        Buffer("attention_tied", (rows, 1), "bool"),
        Buffer("attention_mask", (line,), "bool"),
        Buffer("attention_rank", (line,), "int32"),
        Buffer("attention_room", (rows, 1), "int32"),
        Buffer("attention_spent", (1,), "int32"),
    )
    if device.kind != "cpu":
        strip = choice.selected_rows
        return (
            *ties,
            *((Buffer("attention_line", (strip, tiling.width + selected + 1)),) if choice.form == "tiles" else ()),
            Buffer("attention_largest", (rows, selected + 1)),
            Buffer("attention_largest_index", (strip, selected + 1), "int64"),
            Buffer("attention_lowest_index", (rows, 1), "int64"),
            *_slot_buffers(rows, line),
        )
    if choice.form == "tiles":
        return ties
    scratch_rows = min(rows, max(4, _SCRATCH_ELEMENTS // tiling.length))
    return (*ties, Buffer("attention_scratch", (scratch_rows, tiling.length)))


def _slot_buffers(rows: int, line: int) -> tuple[Buffer, ...]:
    """What cutting ties without the host needs."""
    column, ranked = (TIE_SLOTS, 1), round_up(line, RANK_STEP)
    return (
        Buffer("attention_slot_flags", (rows, 1)),
        Buffer("attention_slot_flag", (TIE_SLOTS,)),
        Buffer("attention_slot_rows", (TIE_SLOTS,), "int64"),
        Buffer("attention_slot_excess", (1,)),
        Buffer("attention_slot_overflow", (1,)),
        Buffer("attention_slot_scores", (TIE_SLOTS * line,)),
        Buffer("attention_slot_mask", (TIE_SLOTS * line,), "bool"),
        Buffer("attention_slot_equal", (TIE_SLOTS * ranked,), "int32"),
        Buffer("attention_slot_rank", (TIE_SLOTS * ranked,), "int32"),
        Buffer("attention_slot_counts", (TIE_SLOTS * (ranked // RANK_STEP),), "int32"),
        Buffer("attention_slot_earlier", (TIE_SLOTS * (ranked // RANK_STEP),), "int32"),
        Buffer("attention_slot_room", column, "int32"),
        Buffer("attention_slot_spent", column, "int32"),
        Buffer("attention_slot_threshold", column),
        Buffer("attention_slot_below", column),
        Buffer("attention_slot_lowered", column),
        Buffer("attention_slot_tied", column, "bool"),
    )
