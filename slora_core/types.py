"""Frozen records and names shared by the stages. Imports neither torch nor Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

OPERATORS: Final = ("linear", "weaknonlinear", "attention", "rff")
CLASSIFIERS: Final = ("lda", "qda", "lr-rgda", "ncm")
UNCOMPENSATED: Final = "SeqFT"
VARIANT_OF: Final = {
    "linear": "SeqFT + linear",
    "weaknonlinear": "SeqFT + weaknonlinear",
    "attention": "SeqFT + Hopfield",
    "rff": "SeqFT + rff",
}
MIB: Final = 1024**2
GIB: Final = 1024**3


def largest_known(values: Iterable[int | None]) -> int | None:
    """The largest of counters of which some are not available (None); None when none is."""
    return max((value for value in values if value is not None), default=None)


@dataclass(frozen=True, slots=True)
class Workload:
    """Sizes that decide memory and time.

    pairs N (0: a first task, nothing to compensate), dim d, old classes C (those that are moved), new classes whose
    statistics are taken from the labelled rows, and evaluation rows M for the classifiers (0: no evaluation). Of a
    ``late`` one the rows and their classes are known only when they have come, as those of a data loader: it counts
    one new class until then.
    """

    pairs: int
    dim: int
    classes: int
    new_classes: int = 0
    evaluation_rows: int = 0
    labelled_rows: int = 0
    late: bool = False
