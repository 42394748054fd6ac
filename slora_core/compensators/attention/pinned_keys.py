"""Keys and drift held in pinned host memory beside a CUDA device: tiles come over the bus while the device works."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor

from slora_core.compensators.attention.buffers import LOAD_ROWS
from slora_core.compensators.attention.keys import load_pairs
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.numerics.tiles import Tile, Tiling
from slora_core.sources.base import Pairs

Kind: TypeAlias = Literal["keys", "drift", "both"]
_SLOTS: Final = 2


class PinnedKeys:
    """The tiles of a :class:`~slora_core.compensators.attention.keys.KeyStore`, through two slots of the device.

    While a tile is worked on, the one that will be asked for next is copied into the other slot by a stream of its
    own. Which one that is follows from the order of the tiles and, at its end, from what was asked for the last time;
    a wrong guess costs a wait and nothing else.
    """

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling) -> None:
        self.tiling = tiling
        self._tiles = list(tiling.tiles())
        self._position = {tile: number for number, tile in enumerate(self._tiles)}
        self._host = workspace["attention_keys_held"], workspace["attention_drift_held"]
        shape = (_SLOTS, tiling.width, pairs.dim)
        self._keys, self._drift = workspace["attention_keys"].view(shape), workspace["attention_drift"].view(shape)
        self._device = workspace.device
        self._copies = torch.cuda.Stream(workspace.device)  # type: ignore[no-untyped-call]
        self._ready = [torch.cuda.Event() for _ in range(_SLOTS)]  # type: ignore[no-untyped-call]
        self._spent = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._under_way: tuple[Tile, Kind, int] | None = None
        self._follows: dict[Kind, Kind] = {}
        self._last: Kind | None = None
        self._load(ctx, workspace, pairs)

    def keys(self, tile: Tile) -> Tensor:
        """Normalised keys."""
        return self._keys[self._request(tile, "keys")]

    def drift(self, tile: Tile) -> Tensor:
        """y - x."""
        return self._drift[self._request(tile, "drift")]

    def keys_and_drift(self, tile: Tile) -> tuple[Tensor, Tensor]:
        slot = self._request(tile, "both")
        return self._keys[slot], self._drift[slot]

    @property
    def on_device(self) -> bool:
        return True

    def restart(self) -> None:
        self._under_way = None

    def close(self) -> None:
        """What the device does next comes after the copies under way."""
        torch.cuda.current_stream(self._device).wait_stream(self._copies)

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
        torch.cuda.current_stream(self._device).synchronize()

    def _request(self, tile: Tile, kind: Kind) -> int:
        """The slot that holds ``tile``; its successor is on the way to the other."""
        if self._last is not None and tile == self._tiles[0]:
            self._follows[self._last] = kind
        self._last = kind
        if self._under_way is None or self._under_way[:2] != (tile, kind):
            self._copy(tile, kind, 0)
        assert self._under_way is not None
        slot = self._under_way[2]
        torch.cuda.current_stream(self._device).wait_event(self._ready[slot])
        position = self._position[tile] + 1
        if position < len(self._tiles):
            self._copy(self._tiles[position], kind, 1 - slot)
        else:
            self._copy(self._tiles[0], self._follows.get(kind, kind), 1 - slot)
        return slot

    def _copy(self, tile: Tile, kind: Kind, slot: int) -> None:
        """Into a slot whose last tile everything that works on it has been told to work on already."""
        self._spent.record(torch.cuda.current_stream(self._device))
        self._copies.wait_event(self._spent)
        rows = slice(tile.start, tile.start + self.tiling.width)
        with torch.cuda.stream(self._copies):
            if kind != "drift":
                self._keys[slot].copy_(self._host[0][rows], non_blocking=True)
            if kind != "keys":
                self._drift[slot].copy_(self._host[1][rows], non_blocking=True)
            self._ready[slot].record(self._copies)
        self._under_way = (tile, kind, slot)
