"""Tiles that pass through two slots of the device: one fills while the other is worked on."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from slora_core.compensators.attention.buffers import KEY_SLOTS
from slora_core.compensators.attention.requests import Kind, Request, RequestOrder
from slora_core.memory.workspace import Workspace
from slora_core.numerics.tiles import Tile, Tiling


class SlottedKeys(ABC):
    """The tiles of a :class:`~slora_core.compensators.attention.keys.KeyStore`; a tile is valid until the next request.

    While a tile is worked on, the one that will be asked for next is on its way to the other slot. A wrong guess costs
    a wait and nothing else.
    """

    def __init__(self, workspace: Workspace, tiling: Tiling) -> None:
        self.tiling = tiling
        shape = (KEY_SLOTS, tiling.width, workspace["attention_keys"].shape[1])
        self._keys, self._drift = workspace["attention_keys"].view(shape), workspace["attention_drift"].view(shape)
        self._order = RequestOrder(tiling)
        self._under_way: tuple[Request, int] | None = None

    def keys(self, tile: Tile) -> Tensor:
        """Normalised keys."""
        return self._keys[self._slot_of(tile, "keys")]

    def drift(self, tile: Tile) -> Tensor:
        """y - x."""
        return self._drift[self._slot_of(tile, "drift")]

    def keys_and_drift(self, tile: Tile) -> tuple[Tensor, Tensor]:
        slot = self._slot_of(tile, "both")
        return self._keys[slot], self._drift[slot]

    def restart(self) -> None:
        self._under_way = None

    @abstractmethod
    def _begin(self, request: Request, slot: int) -> None:
        """Set the tile on its way. The last tile of the slot everything has been told to work on already."""

    @abstractmethod
    def _complete(self, request: Request, slot: int) -> None:
        """What the device is told to do from now on finds the tile in the slot. Of those begun, the last one."""

    def _slot_of(self, tile: Tile, kind: Kind) -> int:
        request = Request(tile, kind)
        following = self._order.after(request)
        under_way, self._under_way = self._under_way, None
        if under_way is not None and under_way[0] == request:
            slot = under_way[1]
        else:
            slot = 0
            self._begin(request, slot)
        self._complete(request, slot)
        self._begin(following, 1 - slot)
        self._under_way = following, 1 - slot
        return slot
