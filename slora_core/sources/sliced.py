"""A share of the pairs, read as pairs of their own."""

from __future__ import annotations

from torch import Tensor

from slora_core.sources.base import Pairs


class SlicedPairs:
    """Rows ``start:stop`` of ``pairs``, which stay where they are; implements ``Pairs``."""

    def __init__(self, pairs: Pairs, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= pairs.count:
            raise ValueError(f"rows {start}:{stop} of {pairs.count} pairs")
        self._pairs = pairs
        self._start = start
        self.count = stop - start

    @property
    def dim(self) -> int:
        return self._pairs.dim

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        self._pairs.read(self._start + start, self._start + stop, before, after)

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        self._pairs.gather(index + self._start, before, after)
