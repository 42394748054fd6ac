"""Keys and drift read from the pairs again in every pass, by a thread, beside a CUDA device that works meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from slora_core.compensators.attention.buffers import KEY_SLOTS, LOAD_ROWS
from slora_core.compensators.attention.keys import derive_tile
from slora_core.compensators.attention.requests import Request
from slora_core.compensators.attention.rows_ahead import RowsAhead, RowSlots
from slora_core.compensators.attention.slotted_keys import SlottedKeys
from slora_core.compensators.attention.uploads import Uploads
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.tiles import Tile, Tiling
from slora_core.sources.base import Pairs


class ReadAheadKeys(SlottedKeys):
    """Rows come as they are in the pairs; the device subtracts and normalises, as for a ``KeyStore``.

    A request raises what reading its tile raised.
    """

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling, uploads: Uploads) -> None:
        super().__init__(tiling)
        shape = (KEY_SLOTS, tiling.width, workspace["attention_keys"].shape[1])
        self._keys, self._drift = workspace["attention_keys"].view(shape), workspace["attention_drift"].view(shape)
        self._ctx = ctx
        self._norm = workspace["attention_key_norm"]
        self._uploads = uploads
        self._keys[:, : tiling.padding].zero_()
        self._drift[:, : tiling.padding].zero_()
        host = (workspace[f"attention_{name}_ahead"].view(self._keys.shape) for name in ("keys", "drift"))
        self._rows = RowsAhead(pairs, tiling, RowSlots(*host), RowSlots(self._keys, self._drift), uploads)

    @property
    def on_device(self) -> bool:
        return False

    def keys(self, tile: Tile) -> Tensor:
        return self._keys[self._slot_of(Request(tile, "keys"))]

    def drift(self, tile: Tile) -> Tensor:
        return self._drift[self._slot_of(Request(tile, "drift"))]

    def keys_and_drift(self, tile: Tile) -> Iterator[Tensor]:
        slot = self._slot_of(Request(tile, "both"))
        return iter((self._keys[slot], self._drift[slot]))

    def close(self) -> None:
        self._rows.close()
        self._uploads.close()

    def _begin(self, request: Request, slot: int) -> None:
        self._rows.begin(request, slot)

    def _complete(self, request: Request, slot: int) -> None:
        """In the blocks of a ``KeyStore``, for the same bits."""
        self._rows.finish(self._ctx)
        self._uploads.await_on_device(slot)
        width = self.tiling.width
        for first in range(max(0, self.tiling.padding - request.tile.start), width, LOAD_ROWS):
            block = slice(first, min(first + LOAD_ROWS, width))
            derive_tile(
                self._keys[slot, block],
                drift=None if request.kind == "keys" else self._drift[slot, block],
                norm=None if request.kind == "drift" else self._norm,
            )
