"""Labelled rows: how many of which class. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from slora_core.context import RunContext
from slora_core.errors import InputError

UNLABELLED: Final = -1
LABEL_BLOCK: Final = 8192


class Labels(Protocol):
    """One integer a row; -1 for rows without a class."""

    @property
    def count(self) -> int: ...

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True, eq=False)
class LabelCensus:
    """The classes among the rows: ascending ids [K], rows of each [K], and how many rows have no class."""

    class_ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    unlabelled: int

    @property
    def one_sample_ids(self) -> tuple[int, ...]:
        """Classes with a single row, whose covariance will be 1e-4 I."""
        return tuple(int(class_id) for class_id in self.class_ids[self.counts == 1])


def count_labels(ctx: RunContext, rows: Labels, origin: str = "the labels") -> LabelCensus:
    """One pass over the labels. Raises InputError for a label below -1 and names its row."""
    totals: dict[int, int] = {}
    for start, labels in read_blocks(rows, 0, rows.count):
        ctx.checkpoint()
        if (below := np.flatnonzero(labels < UNLABELLED)).size:
            row = int(below[0])
            raise InputError(
                f"{origin}: row {start + row} has label {labels[row]};"
                " expected 0 or more, or -1 for a row without a class"
            )
        for class_id, count in zip(*np.unique(labels, return_counts=True), strict=True):
            totals[int(class_id)] = totals.get(int(class_id), 0) + int(count)
    return census_of(totals)


def census_of(totals: Mapping[int, int]) -> LabelCensus:
    """Of rows by class id; -1 those without a class."""
    ids = sorted(class_id for class_id in totals if class_id != UNLABELLED)
    counts = np.array([totals[class_id] for class_id in ids], np.int64)
    return LabelCensus(np.array(ids, np.int64), counts, totals.get(UNLABELLED, 0))


def read_blocks(rows: Labels, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """First row and labels of one block of rows after another."""
    for first in range(start, stop, LABEL_BLOCK):
        yield first, rows.read_labels(first, min(first + LABEL_BLOCK, stop))


def rows_of(rows: Labels, census: LabelCensus, share: tuple[int, int]) -> int:
    """How many rows of ``share`` (start, stop) belong to classes of ``census``."""
    if share == (0, rows.count):
        return int(census.counts.sum())
    return sum(int(np.isin(labels, census.class_ids).sum()) for _, labels in read_blocks(rows, *share))
