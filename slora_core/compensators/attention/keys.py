"""The keys of the attention: normalised features before the task, and their drift, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor

from slora_core.compensators.attention.buffers import LOAD_ROWS
from slora_core.compensators.reading import read_pairs
from slora_core.context import RunContext
from slora_core.memory.workspace import Workspace
from slora_core.numerics.rows import normalise_rows
from slora_core.numerics.staging import Staging
from slora_core.numerics.tiles import Tile, Tiling
from slora_core.sources.base import Pairs


class Keys(Protocol):
    """Where the tiles of keys and drift come from."""

    @property
    def tiling(self) -> Tiling: ...

    @property
    def on_device(self) -> bool:
        """Whether tiles come without the host."""

    def keys(self, tile: Tile) -> Tensor:
        """Normalised keys."""

    def drift(self, tile: Tile) -> Tensor:
        """y - x."""

    def keys_and_drift(self, tile: Tile) -> Iterator[Tensor]:
        """The keys, and then the drift: taking it may cost the keys."""

    def restart(self) -> None:
        """Count on nothing that was begun before: a recording starts or has ended."""

    def close(self) -> None:
        """Let what is under way end."""


class KeyStore:
    """Tiles [w, d] of keys and drift: held on the device, or read from the pairs on every request.

    A streamed tile is valid until the next request. Padded rows are zero and belong to dead positions.
    """

    def __init__(self, ctx: RunContext, workspace: Workspace, pairs: Pairs, tiling: Tiling, *, resident: bool) -> None:
        self.tiling = tiling
        self._ctx = ctx
        self._pairs = pairs
        self._staging = Staging(workspace, "attention_staging")
        self._keys = workspace["attention_keys"]
        self._drift = workspace["attention_drift"]
        self._norm = workspace["attention_key_norm"]
        self._resident = resident
        self._keys[: tiling.padding].zero_()
        self._drift[: tiling.padding].zero_()
        if resident:
            self._fetch(0, tiling.length, drift=True, normalised=True)

    def keys(self, tile: Tile) -> Tensor:
        if not self._resident:
            self._fetch(tile.start, tile.start + self.tiling.width, drift=False, normalised=True)
        return self._tile(self._keys, tile)

    def drift(self, tile: Tile) -> Tensor:
        if not self._resident:
            self._fetch(tile.start, tile.start + self.tiling.width, drift=True, normalised=False)
        return self._tile(self._drift, tile)

    def keys_and_drift(self, tile: Tile) -> Iterator[Tensor]:
        if not self._resident:
            self._fetch(tile.start, tile.start + self.tiling.width, drift=True, normalised=True)
        return iter((self._tile(self._keys, tile), self._tile(self._drift, tile)))

    def _tile(self, held: Tensor, tile: Tile) -> Tensor:
        return held[tile.start : tile.start + self.tiling.width] if self._resident else held

    @property
    def on_device(self) -> bool:
        return self._resident

    def restart(self) -> None:
        """Nothing is begun beforehand."""

    def close(self) -> None:
        """Nothing is under way between requests."""

    def _fetch(self, start: int, stop: int, *, drift: bool, normalised: bool) -> None:
        """Positions ``start:stop`` into the front of the buffers, in blocks."""
        padding = self.tiling.padding
        for first in range(max(start, padding), stop, LOAD_ROWS):
            self._ctx.checkpoint()
            last = min(first + LOAD_ROWS, stop)
            keys = self._keys[first - start : last - start]
            moved = self._drift[first - start : last - start] if drift else None
            load_pairs(
                self._staging, self._pairs, first - padding, keys, drift=moved, norm=self._norm if normalised else None
            )


def load_pairs(
    staging: Staging, pairs: Pairs, start: int, keys: Tensor, *, drift: Tensor | None, norm: Tensor | None
) -> None:
    """Pairs from ``start`` into ``keys`` [w, d], normalised when there is scratch for it, and their ``drift``."""
    read_pairs(staging, pairs, start, keys, drift)
    derive_tile(keys, drift=drift, norm=norm)


def derive_tile(keys: Tensor, *, drift: Tensor | None, norm: Tensor | None) -> None:
    """Of rows before the task in ``keys`` [w, d] and after it in ``drift``, if that is wanted: y - x, and then ``keys``
    normalised when there is scratch for it."""
    if drift is not None:
        drift.sub_(keys)
    if norm is not None:
        normalise_rows(keys, norm[: len(keys)], keys)
