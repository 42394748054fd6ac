"""Keys and drift held in pinned host memory beside a CUDA device: tiles come over the bus while the device works."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from slora_core.compensators.attention.buffers import LOAD_ROWS
from slora_core.compensators.attention.keys import load_pairs
from slora_core.compensators.attention.requests import Request
from slora_core.compensators.attention.slotted_keys import SlottedKeys
from slora_core.compensators.attention.uploads import Uploads
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.numerics.tiles import Tile, Tiling
from slora_core.sources.base import Pairs


class PinnedKeys(SlottedKeys):
    """Normalised on the device once, before the first tile is asked for.

    A slot holds the keys of a tile or its drift: the drift comes while the keys are worked on, and takes the place of
    the tile before.
    """

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling, uploads: Uploads) -> None:
        super().__init__(tiling)
        self._host = workspace["attention_keys_held"], workspace["attention_drift_held"]
        self._tiles = workspace["attention_tiles"]
        self._uploads = uploads
        self._load(ctx, workspace, pairs)

    @property
    def on_device(self) -> bool:
        return True

    def keys(self, tile: Tile) -> Tensor:
        return self._tiles[self._slot_of(Request(tile, "keys"))]

    def drift(self, tile: Tile) -> Tensor:
        return self._tiles[self._slot_of(Request(tile, "drift"))]

    def keys_and_drift(self, tile: Tile) -> Iterator[Tensor]:
        yield self._tiles[self._slot_of(Request(tile, "keys_first"))]
        yield self._tiles[self._slot_of(Request(tile, "drift_then"))]

    def close(self) -> None:
        self._uploads.close()

    def _load(self, ctx: RunContext, workspace: Workspace, pairs: Pairs) -> None:
        """Read, normalise on the device, and bring back; by blocks through the slots."""
        padding, staging, norm = (
            self.tiling.padding,
            Staging(workspace, "attention_staging"),
            workspace["attention_key_norm"],
        )
        for host in self._host:
            host[:padding].zero_()
        rows = min(LOAD_ROWS, self.tiling.width)
        for first in range(padding, self.tiling.length, rows):
            ctx.checkpoint()
            last = min(first + rows, self.tiling.length)
            keys, drift = self._tiles[:, : last - first]
            load_pairs(staging, pairs, first - padding, keys, drift=drift, norm=norm)
            for host, block in zip(self._host, (keys, drift), strict=True):
                host[first:last].copy_(block, non_blocking=True)
        if workspace.device.type == "cuda":
            torch.cuda.current_stream(workspace.device).synchronize()

    def _begin(self, request: Request, slot: int) -> None:
        keys, drift = self._host
        source = keys if request.kind in {"keys", "keys_first"} else drift
        rows = source[request.tile.start : request.tile.start + self.tiling.width]
        self._uploads.spend(slot)
        self._uploads.copy(slot, ((self._tiles[slot], rows),))

    def _complete(self, request: Request, slot: int) -> None:
        self._uploads.await_on_device(slot)
