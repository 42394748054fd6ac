"""The one shape in which every source hands out its pairs."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Pairs(Protocol):
    """N pairs (x_i before, y_i after), rows of d; read in pieces, never held whole.

    ``before`` and ``after`` are float32 buffers on the CPU, filled in place; either may be None when it is not needed.
    """

    @property
    def count(self) -> int: ...

    @property
    def dim(self) -> int: ...

    def read(self, start: int, stop: int, before: Tensor | None, after: Tensor | None) -> None:
        """Rows ``start:stop`` into ``before[: stop - start]`` and ``after[: stop - start]``."""

    def gather(self, index: Tensor, before: Tensor | None, after: Tensor | None) -> None:
        """Rows ``index`` (int64 [m], any order, repeats allowed) into the first m rows."""
