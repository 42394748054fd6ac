"""What is asked of the keys, tile by tile, and what will be asked next."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from slora_core.numerics.tiles import Tile, Tiling

Kind: TypeAlias = Literal["keys", "drift", "both", "keys_first", "drift_then"]
"""Normalised keys, drift, both at once, or both one after the other."""


class Request(NamedTuple):
    tile: Tile
    kind: Kind


class RequestOrder:
    """Foretells requests: the tiles follow one another, and the end of a pass is followed by what followed it last.

    Drift that comes after its keys is asked for before the next tile.
    """

    def __init__(self, tiling: Tiling) -> None:
        self._tiles = list(tiling.tiles())
        self._position = {tile: number for number, tile in enumerate(self._tiles)}
        self._follows: dict[Kind, Kind] = {}
        self._last: Kind | None = None

    def after(self, request: Request) -> Request:
        """The request that most likely comes after ``request``, which is made now."""
        tile, kind = request
        if self._last is not None and tile == self._tiles[0]:
            self._follows[self._last] = kind
        self._last = kind
        if kind == "keys_first":
            return Request(tile, "drift_then")
        again: Kind = "keys_first" if kind == "drift_then" else kind
        position = self._position[tile] + 1
        if position < len(self._tiles):
            return Request(self._tiles[position], again)
        return Request(self._tiles[0], self._follows.get(kind, again))
