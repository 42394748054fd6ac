"""Products with few columns: on a card in parts along the sum, side by side, which are added afterwards.

A product [m, k] [k, n] of few columns has too few tiles to fill a card. Its library then cuts the sum itself, or not,
depending on the size of its workspace: measured on an H200 for m = 1,536, k = 768, n = 64, 12 us with 32 MiB, 23 us
with less, and 12 us in eight parts whatever the workspace.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from slora_core.compensators.weak_nonlinear.plan import parts_of


class NarrowProduct:
    """``left`` [m, k] times [k, n], in the parts that ``scratch`` of at least ``parts_of(k) * m * n`` numbers is for;
    None: in one."""

    def __init__(self, left: Tensor, columns: int, scratch: Tensor | None) -> None:
        self._left = left
        self._sums: Tensor | None = None
        if scratch is not None:
            rows, terms = left.shape
            shape = (parts_of(terms), rows, columns)
            self._sums = scratch.view(-1)[: prod(shape)].view(shape)
            self._left_parts = left.view(rows, shape[0], -1).transpose(0, 1)

    def __call__(self, right: Tensor, out: Tensor) -> None:
        """``out`` [m, n] = left right."""
        if self._sums is None:
            torch.mm(self._left, right, out=out)
            return
        torch.bmm(self._left_parts, right.view(len(self._sums), -1, right.shape[1]), out=self._sums)
        torch.sum(self._sums, 0, out=out)
