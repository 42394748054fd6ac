"""Keys and drift held in pinned host memory beside a CUDA device: tiles come over the bus while the device works."""

from __future__ import annotations

import torch

from slora_core.compensators.attention.buffers import KEY_SLOTS, LOAD_ROWS
from slora_core.compensators.attention.keys import load_pairs
from slora_core.compensators.attention.requests import Request
from slora_core.compensators.attention.slotted_keys import SlottedKeys
from slora_core.compensators.attention.uploads import CopyStream
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.numerics.tiles import Tiling
from slora_core.sources.base import Pairs


class PinnedKeys(SlottedKeys):
    """Normalised on the device once, before the first tile is asked for."""

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling) -> None:
        super().__init__(workspace, tiling)
        self._host = workspace["attention_keys_held"], workspace["attention_drift_held"]
        self._uploads = CopyStream(workspace.device, KEY_SLOTS)
        self._load(ctx, workspace, pairs)

    @property
    def on_device(self) -> bool:
        return True

    def close(self) -> None:
        self._uploads.close()

    def _load(self, ctx: RunContext, workspace: Workspace, pairs: Pairs) -> None:
        """Read, normalise on the device, and bring back; by blocks through the first slot."""
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
            keys, drift = self._keys[0, : last - first], self._drift[0, : last - first]
            load_pairs(staging, pairs, first - padding, keys, drift=drift, norm=norm)
            for host, block in zip(self._host, (keys, drift), strict=True):
                host[first:last].copy_(block, non_blocking=True)
        torch.cuda.current_stream(workspace.device).synchronize()

    def _begin(self, request: Request, slot: int) -> None:
        held = slice(request.tile.start, request.tile.start + self.tiling.width)
        keys, drift = (self._keys[slot], self._host[0][held]), (self._drift[slot], self._host[1][held])
        self._uploads.spend(slot)
        self._uploads.copy(slot, {"keys": (keys,), "drift": (drift,), "both": (keys, drift)}[request.kind])

    def _complete(self, request: Request, slot: int) -> None:
        self._uploads.await_on_device(slot)
