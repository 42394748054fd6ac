"""Which classes a feature file brings that a class state does not have yet. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from slora_core.errors import InputError
from slora_core.sources.array_specs import ArraySpec
from slora_core.sources.file_info import feature_layout
from slora_core.statistics.state_info import state_layout

MOST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LabelledClasses:
    """Labels of a feature file: classes ``new`` to the state with their row ``counts``, and ``known`` ones."""

    new: NDArray[np.int64]
    counts: NDArray[np.int64]
    known: NDArray[np.int64]


def labelled_classes(features: str | Path, state: str | Path) -> LabelledClasses:
    """Distinct labels >= 0 of ``features``, split by whether ``state`` has them. Raises InputError."""
    layout = feature_layout(features)
    if layout.labels is None:
        empty = np.empty(0, np.int64)
        return LabelledClasses(empty, empty, empty)
    labels = read_integers(layout.labels)
    if len(labels) and int(labels.min()) < -1:
        raise InputError(
            f"feature file {str(features)!r}: labels hold {int(labels.min())};"
            " expected class ids from 0, or -1 for rows without a class"
        )
    ids, counts = np.unique(labels[labels >= 0], return_counts=True)
    known = np.isin(ids, read_integers(state_layout(state).class_ids))
    return LabelledClasses(ids[~known], counts[~known].astype(np.int64), ids[known])


def read_integers(spec: ArraySpec) -> NDArray[np.int64]:
    """All values of an array of integers. Raises InputError for one that 64 bits with a sign do not hold."""
    values: NDArray[Any]
    if spec.packing:
        with np.load(spec.path, allow_pickle=False) as archive:
            values = archive[spec.key]
    else:
        values = np.memmap(spec.path, np.dtype(spec.dtype), "r", offset=spec.offset, shape=spec.shape)
    if values.dtype == np.uint64 and values.size and (largest := int(values.max())) > MOST_ID:
        raise InputError(f"{str(spec.path)!r}: {spec.key} hold {largest}; expected at most {MOST_ID}")
    return np.asarray(values, dtype=np.int64)
