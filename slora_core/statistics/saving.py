"""Class statistics of a program, written as a class-state file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from slora_core.errors import InputError
from slora_core.statistics.base import StateReader
from slora_core.statistics.state_writer import StateFileWriter


def save_state(path: str | Path, state: StateReader | Mapping[str, StateReader], *, packed: bool = False) -> None:
    """Write ``state`` to a ``.safetensors`` file, as ``--state`` and ``open_state`` read it.

    A mapping by operator, such as what ``compensate`` returns, is kept in one file; several operators name their
    statistics, ``<operator>.mean`` and so on.
    ``packed`` stores covariances as triangles. An existing file is replaced once the new one is complete. Raises
    InputError for what is no state and for states of other classes, OutputError when the file cannot be written.
    """
    states = dict(state) if isinstance(state, Mapping) else {"": state}
    if not states:
        raise InputError("no class state to save: expected at least one")
    for name, given in states.items():
        if not isinstance(given, StateReader):
            origin = f"the state of {name!r}" if name else "the state"
            raise InputError(f"{origin} is of type {type(given).__name__}; expected a ClassState or what has its parts")
    first, *others = states.values()
    for other in others:
        same = np.array_equal(other.class_ids, first.class_ids) and np.array_equal(other.counts, first.counts)
        if not same or other.dim != first.dim:
            raise InputError("the states hold different classes: expected the same class ids, counts and d in all")
    variants = tuple(states) if len(states) > 1 else ("",)
    mean = torch.empty(first.dim, dtype=torch.float32)
    covariance = torch.empty(first.dim, first.dim, dtype=torch.float32)
    ids, metadata = first.class_ids, {"operator": ",".join(states)}
    with StateFileWriter(path, ids, first.counts, first.dim, variants, metadata=metadata, packed=packed) as file:
        for variant, given in zip(variants, states.values(), strict=True):
            writer = file.writer(variant)
            for index in range(len(ids)):
                given.read(index, mean, covariance)
                writer.write(index, mean, covariance)
        file.commit()
