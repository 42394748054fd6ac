"""What a source hands to the pipeline: one round a task, with pairs, labelled rows and evaluation rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.sources.base import Pairs
from slora_core.types import Workload


class LabelledRows(Protocol):
    """M feature rows of d with their class ids; rows are read in pieces from where they lie, never held whole.

    Buffers are float32 on the CPU, filled in place.
    """

    @property
    def count(self) -> int: ...

    @property
    def dim(self) -> int: ...

    def read(self, start: int, stop: int, out: Tensor) -> None:
        """Rows ``start:stop`` into ``out[: stop - start]``."""

    def read_labels(self, start: int, stop: int) -> NDArray[np.int64]:
        """Class ids of rows ``start:stop``."""


@dataclass(frozen=True, slots=True)
class FedRows:
    """Rows that went into sums as they were extracted: what is left to know of them.

    ``pairs`` of them are pairs (none at a first task); ``counts`` are the round's rows by class id, -1 those without a
    class.
    """

    dim: int
    pairs: int
    counts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Round:
    """One task, ready for compensation; every row lies in a file, so a round takes no engine memory.

    ``task`` counts from 1 to ``tasks``. ``pairs`` is None at a first task, where there is no drift. ``labelled`` holds
    the rows of the classes that are new in this task and ``evaluation`` those of all classes seen, both under the model
    after the task; None where the source has none. With ``anew`` a class of these rows that is known already gets their
    statistics in place of its own; otherwise it is moved and its rows are left out. ``fed`` takes the place of pairs
    that went into a :class:`~slora_core.features.feed.Feed`, and of labelled rows whose classes were known beforehand.
    ``sizes`` are those of the round where they are other than the source announced: an image could not be read, or a
    loader did not say how much it yields.
    """

    task: int
    tasks: int
    pairs: Pairs | None
    labelled: LabelledRows | None = None
    evaluation: LabelledRows | None = None
    sizes: Workload | None = None
    fed: FedRows | None = None
    anew: bool = False

    @property
    def dim(self) -> int:
        """Features d, the same for all rows of a run."""
        rows = self.fed or self.pairs or self.labelled
        if rows is None:
            raise ValueError(f"task {self.task} has neither pairs nor labelled rows")
        return rows.dim
