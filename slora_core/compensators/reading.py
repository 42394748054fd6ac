"""Rows of pairs into tensors of the compute device."""

from __future__ import annotations

from torch import Tensor

from slora_core.numerics.staging import Staging
from slora_core.sources.base import Pairs


def read_pairs(staging: Staging, pairs: Pairs, start: int, before: Tensor, after: Tensor | None) -> None:
    """The rows from ``start`` that fill ``before`` and, when given, the same rows of ``after``."""
    stop = start + len(before)
    staging.upload(before, lambda host: pairs.read(start, stop, host, None))
    if after is not None:
        staging.upload(after, lambda host: pairs.read(start, stop, None, host))
