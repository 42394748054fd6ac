"""Tiles that pass through two slots of the device: one fills while the other is worked on."""

from __future__ import annotations

from abc import ABC, abstractmethod

from slora_core.compensators.attention.requests import Request, RequestOrder
from slora_core.numerics.tiles import Tiling


class SlottedKeys(ABC):
    """The tiles of a :class:`~slora_core.compensators.attention.keys.KeyStore`; a tile is valid until the next request.

    While a request is worked on, the one that will be made next is on its way to the other slot. A wrong guess costs
    a wait and nothing else.
    """

    def __init__(self, tiling: Tiling) -> None:
        self.tiling = tiling
        self._order = RequestOrder(tiling)
        self._under_way: tuple[Request, int] | None = None

    def restart(self) -> None:
        self._under_way = None

    @abstractmethod
    def _begin(self, request: Request, slot: int) -> None:
        """Set the tile on its way. The last tile of the slot everything has been told to work on already."""

    @abstractmethod
    def _complete(self, request: Request, slot: int) -> None:
        """What the device is told to do from now on finds the tile in the slot. Of those begun, the last one."""

    def _slot_of(self, request: Request) -> int:
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
