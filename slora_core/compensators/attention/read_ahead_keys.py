"""Keys and drift read from the pairs again in every pass, by a thread, beside a CUDA device that works meanwhile."""

from __future__ import annotations

from slora_core.compensators.attention.buffers import LOAD_ROWS
from slora_core.compensators.attention.keys import derive_tile
from slora_core.compensators.attention.requests import Request
from slora_core.compensators.attention.rows_ahead import RowsAhead
from slora_core.compensators.attention.slotted_keys import SlottedKeys
from slora_core.compensators.attention.uploads import Uploads
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.tiles import Tiling
from slora_core.sources.base import Pairs


class ReadAheadKeys(SlottedKeys):
    """Raw rows go through pinned slots on the host; the device subtracts and normalises, as a ``KeyStore`` would.

    A request raises what reading its tile raised.
    """

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling, uploads: Uploads) -> None:
        super().__init__(workspace, tiling)
        self._ctx = ctx
        self._norm = workspace["attention_key_norm"]
        self._uploads = uploads
        self._before = workspace["attention_keys_ahead"].view(self._keys.shape)
        self._after = workspace["attention_drift_ahead"].view(self._drift.shape)
        self._keys[:, : tiling.padding].zero_()
        self._drift[:, : tiling.padding].zero_()
        self._rows = RowsAhead(
            pairs,
            tiling,
            self._before,
            self._after,
            enter=uploads.enter_thread,
            await_free=uploads.await_on_host,
            send=self._send,
        )

    @property
    def on_device(self) -> bool:
        return False

    def close(self) -> None:
        self._rows.close()
        self._uploads.close()

    def _begin(self, request: Request, slot: int) -> None:
        self._uploads.spend(slot)
        self._rows.begin(request, slot)

    def _send(self, request: Request, slot: int) -> None:
        """Without padding, which stays zero on the device."""
        live = slice(max(0, self.tiling.padding - request.tile.start), None)
        keys, drift = (
            (self._keys[slot, live], self._before[slot, live]),
            (self._drift[slot, live], self._after[slot, live]),
        )
        self._uploads.copy(slot, (keys,) if request.kind == "keys" else (keys, drift))

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
