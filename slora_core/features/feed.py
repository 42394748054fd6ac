"""Where rows go that are looked at once, as they are extracted, and not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Feed(Protocol):
    """Sums that take the rows of an extraction, in this order: ``begin``, rows, ``finish``."""

    def begin(self, new_classes: NDArray[np.int64]) -> None:
        """Allocate the sums, beside those of the operators for the statistics of ``new_classes`` (ascending ids)."""

    def take(self, number: int, row: int, features: NDArray[np.float32]) -> None:
        """The sink of an extraction: ``features`` [b, d] of model ``number``, copied before returning."""

    def settle(self, labels: NDArray[np.int64]) -> None:
        """All models have given their features of the rows with these ``labels`` [b]."""

    def finish(self, counts: Mapping[int, int]) -> None:
        """All rows have come, ``counts`` on all ranks by class id: fit the operators and write the statistics.

        Raises InputError when features hold NaN or Inf.
        """
