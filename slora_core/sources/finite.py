"""Looks for NaN and Inf before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.sources.base import Pairs
from slora_core.sources.file_info import AFTER, BEFORE, FEATURES
from slora_core.sources.rounds import LabelledRows

_ROWS_NAMED: Final = 5
_Reader = Callable[[int, int, Tensor], None]


def check_finite(ctx: RunContext, pairs: Pairs, option: Option, origin: str = "the pairs") -> None:
    """Stream all pairs once with an option of :func:`~slora_core.sources.plan.scan_options`.

    Advances the open stage by one a pair. Raises InputError that begins with ``origin`` and names how many rows of
    which key are not finite, and the first of them.
    """
    readers: dict[str, _Reader] = {
        BEFORE: lambda start, stop, out: pairs.read(start, stop, out, None),
        AFTER: lambda start, stop, out: pairs.read(start, stop, None, out),
    }
    _scan(ctx, readers, pairs.count, option, origin)


def check_rows_finite(ctx: RunContext, rows: LabelledRows, option: Option, origin: str) -> None:
    """As :func:`check_finite`, for the features of labelled rows. ``option`` may be one for any number of rows."""
    _scan(ctx, {FEATURES: rows.read}, rows.count, option, origin)


def _scan(ctx: RunContext, readers: dict[str, _Reader], count: int, option: Option, origin: str) -> None:
    found = {key: _BadRows(key) for key in readers}
    step = option.choice.rows
    with Workspace(option.footprint, torch.device("cpu")) as workspace:
        rows, sums = workspace["scan_rows"], workspace["scan_sums"]
        for start in range(0, count, step):
            stop = min(start + step, count)
            size = stop - start
            for key, read in readers.items():
                read(start, stop, rows)
                found[key].look(rows[:size], sums[:size], start)
            ctx.advance(size)
    if bad := "; ".join(str(key) for key in found.values() if key.count):
        raise InputError(f"{origin}: {bad}; expected finite numbers", "remove these rows, or extract them again")


class _BadRows:
    """Counts the bad rows of one key and remembers the first of them."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._first: list[int] = []
        self.count = 0

    def look(self, rows: Tensor, sums: Tensor, start: int) -> None:
        """x * 0 is 0 for a finite x and NaN for NaN and Inf, so the sum of a row tells. Overwrites ``rows``."""
        torch.sum(rows.mul_(0.0), dim=1, out=sums)
        bad = np.flatnonzero(np.isnan(sums.numpy()))
        self.count += len(bad)
        self._first += [start + int(row) for row in bad[: _ROWS_NAMED - len(self._first)]]

    def __str__(self) -> str:
        rows = ", ".join(map(str, self._first)) + (", ..." if self.count > len(self._first) else "")
        return f"{self._key} holds NaN or Inf in {self.count} row{'s' if self.count > 1 else ''} ({rows})"
