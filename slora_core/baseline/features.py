"""Memory source 2 of the seed: the features of both models pile up in lists and are then concatenated."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from slora_core.context import RunContext
from slora_core.sources.base import Pairs

BATCH = 16


@dataclass
class Features:
    """``before`` and ``after`` [N, d] and the lists they were joined from: two full copies of each stay alive."""

    before: Tensor
    after: Tensor
    parts_before: list[Tensor] = field(repr=False)
    parts_after: list[Tensor] = field(repr=False)


def load_features(ctx: RunContext, pairs: Pairs) -> Features:
    """All pairs on the run's device, read in batches of 16 rows. Advances by pairs."""
    parts_before, parts_after = [], []
    for start in range(0, pairs.count, BATCH):
        stop = min(start + BATCH, pairs.count)
        before = torch.empty(stop - start, pairs.dim)
        after = torch.empty(stop - start, pairs.dim)
        pairs.read(start, stop, before, after)
        parts_before.append(before.to(ctx.device))
        parts_after.append(after.to(ctx.device))
        ctx.advance(stop - start)
    return Features(torch.cat(parts_before), torch.cat(parts_after), parts_before, parts_after)
