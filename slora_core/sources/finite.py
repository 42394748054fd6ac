"""Looks for NaN and Inf before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.sources.base import Pairs
from slora_core.sources.file_info import AFTER, BEFORE, FEATURES
from slora_core.sources.plan import LEAST_PART_BYTES, SCAN_THREADS
from slora_core.sources.rounds import LabelledRows

_ROWS_NAMED: Final = 5
_Reader = Callable[[int, int, Tensor], None]


def check_finite(
    ctx: RunContext,
    pairs: Pairs,
    option: Option,
    origin: str = "the pairs",
    share: tuple[int, int] | None = None,
) -> None:
    """Stream all pairs once with an option of :func:`~slora_core.sources.plan.scan_options`; or the rows of ``share``.

    ``share`` is (start, stop). Advances the open stage by one a pair. Raises InputError that begins with ``origin`` and
    names how many rows of which key are not finite, and the first of them.
    """
    readers: dict[str, _Reader] = {
        BEFORE: lambda start, stop, out: pairs.read(start, stop, out, None),
        AFTER: lambda start, stop, out: pairs.read(start, stop, None, out),
    }
    _scan(ctx, readers, share or (0, pairs.count), option, origin)


def check_rows_finite(
    ctx: RunContext, rows: LabelledRows, option: Option, origin: str, share: tuple[int, int] | None = None
) -> None:
    """As :func:`check_finite`, for the features of labelled rows. ``option`` may be one for any number of rows."""
    _scan(ctx, {FEATURES: rows.read}, share or (0, rows.count), option, origin)


def _scan(ctx: RunContext, readers: dict[str, _Reader], share: tuple[int, int], option: Option, origin: str) -> None:
    found = {key: BadRows(key) for key in readers}
    step = option.choice.rows
    with (
        Workspace(option.footprint, torch.device("cpu")) as workspace,
        ThreadPoolExecutor(SCAN_THREADS, "slora-scan") as pool,
    ):
        rows, sums = workspace["scan_rows"], workspace["scan_sums"].numpy()
        threads = min(SCAN_THREADS, max(1, rows.nbytes // LEAST_PART_BYTES))
        part, spread = -(-step // threads), pool.map if threads > 1 else map
        for start in range(*share, step):
            size = min(step, share[1] - start)
            for key, read in readers.items():
                look = partial(_sum_rows, count=part, of=size, read=read, start=start, rows=rows, sums=sums)
                list(spread(look, range(0, size, part)))
                found[key].look(rows, sums[:size], start)
            ctx.advance(size)
    refuse_bad(found.values(), origin)


def refuse_bad(found: Iterable[BadRows], origin: str) -> None:
    """Raises InputError that begins with ``origin`` when there are bad rows."""
    if bad := "; ".join(str(key) for key in found if key.count):
        raise InputError(f"{origin}: {bad}; expected finite numbers", "remove these rows, or extract them again")


def _sum_rows(
    first: int, *, count: int, of: int, read: _Reader, start: int, rows: Tensor, sums: NDArray[np.float32]
) -> None:
    """Read ``count`` rows from ``first`` of a block and add each up: a sum with NaN or Inf in it is not finite."""
    last = min(first + count, of)
    read(start + first, start + last, rows[first:last])
    with np.errstate(over="ignore", invalid="ignore"):
        np.sum(rows[first:last].numpy(), axis=1, out=sums[first:last])


class BadRows:
    """Counts the bad rows of one key and remembers the first of them."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._first: list[int] = []
        self.count = 0

    def look(self, rows: Tensor, sums: NDArray[np.float32], start: int) -> None:
        """Only a row whose sum is not finite needs a second look: large numbers may overflow together."""
        suspects = np.flatnonzero(~np.isfinite(sums))
        bad = [int(row) for row in suspects if not np.isfinite(rows[int(row)].numpy()).all()]
        self.count += len(bad)
        self._first += [start + row for row in bad[: _ROWS_NAMED - len(self._first)]]

    def __str__(self) -> str:
        rows = ", ".join(map(str, self._first)) + (", ..." if self.count > len(self._first) else "")
        return f"{self._key} holds NaN or Inf in {self.count} row{'s' if self.count > 1 else ''} ({rows})"
