"""Checks of class statistics, before anything is computed with them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader
from slora_core.statistics.packing import asymmetry

SYMMETRY_TOLERANCE: Final = 1e-4
_NAMED: Final = 5


def check_classes(origin: str, class_ids: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
    """As many counts as ids, ids from 0, none twice, counts from 1. Raises InputError that begins with ``origin``."""
    if len(class_ids) < 1:
        raise InputError(f"{origin}: no classes; expected at least one")
    if len(class_ids) != len(counts):
        raise InputError(f"{origin}: {len(class_ids)} class ids but {len(counts)} counts; expected as many")
    if (negative := class_ids[class_ids < 0]).size:
        raise InputError(f"{origin}: class ids {_some(negative)} are negative; expected 0 or more")
    values, times = np.unique(class_ids, return_counts=True)
    if (repeated := values[times > 1]).size:
        raise InputError(f"{origin}: class ids {_some(repeated)} occur more than once; expected each once")
    if (empty := class_ids[counts < 1]).size:
        raise InputError(f"{origin}: the count of class ids {_some(empty)} is below 1; expected samples in every class")


def check_class(origin: str, class_id: int, mean: NDArray[Any], covariance: NDArray[Any]) -> None:
    """Finite mean [d], finite and symmetric covariance [d, d]. Raises InputError that names the class."""
    if not np.isfinite(mean).all():
        raise InputError(f"{origin}: the mean of class {class_id} holds NaN or Inf; expected finite numbers")
    difference, largest = asymmetry(covariance)
    if not np.isfinite(largest):
        raise InputError(f"{origin}: the covariance of class {class_id} holds NaN or Inf; expected finite numbers")
    if difference > SYMMETRY_TOLERANCE * largest:
        raise InputError(
            f"{origin}: the covariance of class {class_id} is not symmetric: elements differ from their mirror by up"
            f" to {difference:.3g}, and the largest is {largest:.3g}"
        )


def check_state(
    ctx: RunContext,
    state: StateReader,
    option: Option,
    origin: str = "the class state",
    share: tuple[int, int] | None = None,
) -> None:
    """Read every class once with an option of :func:`~slora_core.statistics.plan.check_options` and check it.

    ``share`` (start, stop) leaves the other classes to others. Advances the open stage by one a class. Raises
    InputError that names the class.
    """
    check_classes(origin, state.class_ids, state.counts)
    with Workspace(option.footprint, torch.device("cpu")) as workspace:
        mean, covariance = workspace["check_mean"], workspace["check_covariance"]
        for index in range(*(share or (0, len(state.class_ids)))):
            class_id = state.class_ids[index]
            state.read(index, mean, covariance)
            check_class(origin, int(class_id), mean.numpy(), covariance.numpy())
            ctx.advance()


def check_same_dim(
    state: StateReader, pairs: Pairs, state_origin: str = "the class state", pairs_origin: str = "the pairs"
) -> None:
    """d of the class state and of the pairs agree. Raises InputError that names both origins and both values."""
    if state.dim != pairs.dim:
        raise InputError(
            f"d differs: {state_origin} has d = {state.dim}, {pairs_origin} d = {pairs.dim};"
            " expected features and class state of the same model"
        )


def _some(ids: NDArray[np.int64]) -> str:
    return ", ".join(map(str, ids[:_NAMED])) + (", ..." if len(ids) > _NAMED else "")
