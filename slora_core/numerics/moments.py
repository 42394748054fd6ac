"""Mean and covariance of many rows in one pass: float64, any chunking, no temporaries.

Chan, Golub and LeVeque (1983): blocks (n_a, mean_a, M2_a) and (n_b, mean_b, M2_b) merge into

    mean = mean_a + delta n_b / n,   M2 = M2_a + M2_b + delta' delta n_a n_b / n,   delta = mean_b - mean_a.

A block of rows is centred at its own mean and ``delta sqrt(n_a n_b / n)`` is appended as one more row, so that one
product adds both terms. Only the lower triangle of M2 is kept up to date; :meth:`MomentAccumulator.finish` mirrors it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt, sqrt
from typing import Final, Protocol

import torch
from torch import Tensor

from slora_core.errors import NumericalError
from slora_core.wording import counted

_PANEL: Final = 192
_TILE: Final = 64


class Buffers(Protocol):
    """Tensors by name, such as a :class:`~slora_core.memory.workspace.Workspace`."""

    def __getitem__(self, name: str, /) -> Tensor: ...


class MomentAccumulator:
    """Moments of ``batch`` classes side by side in the ``moment_*`` buffers of ``workspace``.

    All classes receive the same number of rows; a smaller last batch is allowed, the same from one :meth:`reset` to
    the next. The buffers come from :func:`~slora_core.numerics.moments_plan.moment_buffers`; they stay live as long as
    the accumulator.
    """

    def __init__(self, workspace: Buffers, batch: int, ones: Tensor | None = None) -> None:
        """``ones`` float64 of at least the block's rows: then sums are products, which need no scratch on CUDA."""
        self._ones = ones
        self._all_rows = workspace["moment_block"]
        self._all_means = workspace["moment_mean"]
        self._all_deltas = workspace["moment_delta"]
        self._all_m2 = workspace["moment_m2"]
        self._most_batch = batch
        self._block = self._all_rows.shape[1] - 1
        self._narrow(batch)
        self.reset()

    @property
    def count(self) -> int:
        """Rows received since the last reset, per class."""
        return self._merged + self._waiting

    def reset(self) -> None:
        """Forget everything received."""
        self._merged = 0
        self._waiting = 0

    def add(self, x: Tensor) -> None:
        """Rows ``x`` [B, m, d] of B classes, any floating dtype, on the device of the buffers."""
        batch, rows, _ = x.shape
        if self.count == 0:
            self._start(batch)
        elif batch != self._rows.shape[0]:
            raise ValueError(f"rows of {batch} classes after rows of {self._rows.shape[0]}: reset in between")
        taken = 0
        while taken < rows:
            take = min(self._block - self._waiting, rows - taken)
            self._rows[:, self._waiting : self._waiting + take].copy_(x[:, taken : taken + take])
            self._waiting += take
            taken += take
            if self._waiting == self._block:
                self._merge()

    def settle(self) -> None:
        """Merge what waits, so that only the buffers say what was received."""
        self._merge()

    def replayed(self, batch: int, count: int) -> None:
        """Take ``count`` rows of ``batch`` classes as settled: a recording has put them into the buffers."""
        if batch != self._rows.shape[0]:
            self._narrow(batch)
        self._merged, self._waiting = count, 0

    def finish(self, mean_out: Tensor, cov_out: Tensor) -> None:
        """Mean [B, d] and exactly symmetric covariance [B, d, d] with ddof = 1, rounded once. Raises for one row."""
        count, mean, m2 = self.moments()
        if count < 2:
            raise NumericalError(f"the covariance of {counted(count, 'row')} is not defined: expected two or more")
        mean_out.copy_(mean)
        cov_out.copy_(m2.div_(count - 1))
        self.reset()

    def moments(self) -> tuple[int, Tensor, Tensor]:
        """Rows so far, their mean [B, d] and M2 [B, d, d]: views of the buffers, exact until the next call."""
        if self.count == 0:
            self._start(self._rows.shape[0])
        self._merge()
        self._mirror()
        return self._merged, self._mean, self._m2

    def absorb(self, count: int, receive: Callable[[Tensor], None]) -> None:
        """Fold in the moments of ``count`` rows that others have seen, of one class.

        ``receive`` fills a tensor with what comes next of them: the mean [d], then M2 by ``block_rows`` rows at a time.
        """
        merged, means, m2s = self.moments()
        mean, m2, delta = means[0], m2s[0], self._delta[0]
        receive(delta)
        for start in range(0, len(m2), self.block_rows):
            target = m2[start : start + self.block_rows]
            part = self._rows[0, : len(target)]
            receive(part)
            target.add_(part)
        total = merged + count
        delta.sub_(mean)
        m2.addmm_(delta.unsqueeze(1), delta.unsqueeze(0), alpha=merged * count / total)
        mean.add_(delta, alpha=count / total)
        self._merged = total

    @property
    def block_rows(self) -> int:
        """Rows that wait at most before they are folded in."""
        return self._block

    def _start(self, batch: int) -> None:
        if not 1 <= batch <= self._most_batch:
            raise ValueError(f"{batch} classes for an accumulator of {self._most_batch}")
        if batch != self._rows.shape[0]:
            self._narrow(batch)
        self._mean.zero_()
        self._m2.zero_()

    def _narrow(self, batch: int) -> None:
        """Views of the first ``batch`` classes of every buffer."""
        self._rows = self._all_rows[:batch]
        self._mean = self._all_means[:batch]
        self._delta = self._all_deltas[:batch]
        self._m2 = self._all_m2[:batch]
        self._full_panels: list[tuple[Tensor, Tensor, Tensor]] = []

    def _merge(self) -> None:
        """Fold the waiting rows into mean and M2."""
        if self._waiting == 0:
            return
        before, new = self._merged, self._waiting
        total = before + new
        rows, merging = self._rows[:, :new], self._rows[:, new]
        if self._ones is None:
            torch.sum(rows, dim=1, out=self._delta)
        else:
            ones = self._ones[:new].expand(len(rows), 1, new)
            torch.bmm(ones, rows, out=self._delta.unsqueeze(1))
        self._delta.div_(new)
        rows.sub_(self._delta.unsqueeze(1))
        self._delta.sub_(self._mean)
        self._mean.add_(self._delta, alpha=new / total)
        merging.copy_(self._delta).mul_(sqrt(before * new / total))
        self._add_products(new)
        self._merged, self._waiting = total, 0

    def _add_products(self, new: int) -> None:
        """M2 += rows' rows for ``new`` centred rows and the merging one."""
        if new == self._block:
            if not self._full_panels:
                self._full_panels = _panels(self._m2, self._rows)
            panels = self._full_panels
        else:
            panels = _panels(self._m2, self._rows[:, : new + 1])
        for m2, left, right in panels:
            if m2.dim() == 2:
                m2.addmm_(left, right)
            else:
                m2.baddbmm_(left, right)

    def _mirror(self) -> None:
        """Copy the lower triangle of M2 onto the upper, tile by tile through the idle block.

        On a device the tiles are as large as the block allows: few operations count there, on a CPU its cache.
        """
        batch, dim, _ = self._m2.shape
        most = _TILE if self._m2.device.type == "cpu" else isqrt(self._rows[0].numel())
        side = min(dim, most)
        scratch = self._rows.view(batch, -1)
        for start in range(0, dim, side):
            tile = slice(start, start + side)
            diagonal = self._m2[:, tile, tile]
            size = diagonal.shape[1]
            upper = scratch[:, : size * size].view(batch, size, size)
            upper.copy_(diagonal.transpose(1, 2)).triu_(1)
            diagonal.tril_().add_(upper)
            self._m2[:, tile, start + size :].copy_(self._m2[:, start + size :, tile].transpose(1, 2))


def _panels(m2: Tensor, rows: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Views (accumulator, left, right) of the products that make up M2.

    On the CPU wide classes go one by one through panels of the lower triangle, which saves a third of the work.
    """
    dim = rows.shape[2]
    if rows.device.type != "cpu" or dim < 2 * _PANEL:
        return [(m2, rows.transpose(1, 2), rows)]
    return [
        (target[start:, start : start + _PANEL], block[:, start:].t(), block[:, start : start + _PANEL])
        for target, block in zip(m2, rows, strict=True)
        for start in range(0, dim, _PANEL)
    ]
