"""Blocks of feature rows on the device in float64, read again for every class if they do not fit at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging


class FeatureRows(Protocol):
    """M rows of d features, read in pieces into a float32 buffer on the CPU."""

    @property
    def count(self) -> int: ...

    @property
    def dim(self) -> int: ...

    def read(self, start: int, stop: int, out: Tensor) -> None: ...


class RowBlocks:
    """Uses ``rows32`` and ``rows64`` [m, d] of a workspace; a single block is read from its source once."""

    def __init__(self, space: Workspace, staging: Staging) -> None:
        self.device: torch.device = space.device
        self._rows32 = space["rows32"]
        self._rows64 = space["rows64"]
        self._staging = staging
        self._loaded: FeatureRows | None = None

    def of(self, rows: FeatureRows) -> Iterator[tuple[int, int, Tensor]]:
        """(start, stop, float64 rows [stop - start, d]); the caller may overwrite the rows."""
        size = self._rows32.shape[0]
        for start in range(0, rows.count, size):
            stop = min(start + size, rows.count)
            block = self._rows32[: stop - start]
            if self._loaded is not rows:
                self._staging.upload(block, partial(rows.read, start, stop))
                self._loaded = rows if rows.count <= size else None
            yield start, stop, self._rows64[: stop - start].copy_(block)
