"""How far two class states are apart: the relative Frobenius deviation of means and covariances, class by class.

Reads with NumPy alone, so that a window without torch can show it; memory is that of two covariances.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from math import isnan, prod, sqrt
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from slora_core.errors import InputError
from slora_core.sources.array_specs import ArraySpec
from slora_core.statistics.packing import unpack_lower
from slora_core.statistics.state_info import CLASS_IDS, StateLayout, VariantLayout, choose_variant, state_layout


@dataclass(frozen=True, slots=True)
class Deviation:
    """||A - B||_F / ||B||_F over all classes of a variant, B the base; and the worst class of each with its id.

    NaN where a state holds NaN.
    """

    variant: str
    classes: int
    mean: float
    covariance: float
    worst_mean: float
    worst_mean_class: int
    worst_covariance: float
    worst_covariance_class: int


def deviations(base: str | Path, other: str | Path) -> tuple[Deviation, ...]:
    """Deviation of ``other`` from ``base`` for every variant that both hold, in the order of ``base``.

    Classes are matched by id. Raises InputError when d or the classes differ or no variant is common.
    """
    first, second = state_layout(base), state_layout(other)
    common = [name for name in first.info.variants if name in second.info.variants]
    if not common:
        held = [", ".join(name or "(unnamed)" for name in layout.info.variants) for layout in (first, second)]
        raise InputError(
            f"class states {str(base)!r} and {str(other)!r} have no variant in common;"
            f" they hold {held[0]} and {held[1]}"
        )
    return tuple(_deviation(first, second, name, name) for name in common)


def deviation(base: str | Path, other: str | Path, base_variant: str | None, other_variant: str | None) -> Deviation:
    """Deviation between two named variants, None the only one of its file; carries the name of the second."""
    first, second = state_layout(base), state_layout(other)
    names = choose_variant(first.info, base_variant), choose_variant(second.info, other_variant)
    return _deviation(first, second, *names)


class _Total:
    """Sums of squares over classes, and the worst class."""

    def __init__(self) -> None:
        self._difference = 0.0
        self._base = 0.0
        self.worst = 0.0
        self.worst_class = 0

    def add(self, class_id: int, base: NDArray[np.float64], other: NDArray[np.float64]) -> None:
        size = float(np.vdot(base, base))
        other -= base
        difference = float(np.vdot(other, other))
        self._difference += difference
        self._base += size
        relative = _relative(difference, size)
        if relative >= self.worst or isnan(relative):
            self.worst, self.worst_class = relative, class_id

    @property
    def relative(self) -> float:
        return _relative(self._difference, self._base)


def _deviation(first: StateLayout, second: StateLayout, first_variant: str, second_variant: str) -> Deviation:
    a, b = first.variants[first_variant], second.variants[second_variant]
    dim = first.info.dim
    if second.info.dim != dim:
        raise InputError(
            f"class states {str(first.info.path)!r} and {str(second.info.path)!r} differ in d:"
            f" {dim} and {second.info.dim}; expected the same"
        )
    mean, covariance = _Total(), _Total()
    with ExitStack() as files:
        file_a = files.enter_context(first.info.path.open("rb"))
        file_b = files.enter_context(second.info.path.open("rb"))
        order = _matched(first, _read_ids(file_a, first), second, _read_ids(file_b, second))
        for class_id, index_a, index_b in order:
            mean.add(class_id, _row(file_a, a.mean, index_a), _row(file_b, b.mean, index_b))
            covariance.add(class_id, _covariance(file_a, a, index_a, dim), _covariance(file_b, b, index_b, dim))
    return Deviation(
        second_variant,
        len(order),
        mean.relative,
        covariance.relative,
        mean.worst,
        mean.worst_class,
        covariance.worst,
        covariance.worst_class,
    )


def _matched(
    first: StateLayout, first_ids: list[int], second: StateLayout, second_ids: list[int]
) -> list[tuple[int, int, int]]:
    """(class id, number in the first, number in the second)."""
    if set(first_ids) != set(second_ids):
        only = sorted(set(first_ids) ^ set(second_ids))
        listed = ", ".join(map(str, only[:10])) + (", ..." if len(only) > 10 else "")
        raise InputError(
            f"class states {str(first.info.path)!r} and {str(second.info.path)!r} hold different classes"
            f" (in one only: {listed}); expected the same {CLASS_IDS}"
        )
    position = {class_id: index for index, class_id in enumerate(second_ids)}
    return [(class_id, index, position[class_id]) for index, class_id in enumerate(first_ids)]


def _read_ids(file: IO[bytes], layout: StateLayout) -> list[int]:
    spec = layout.class_ids
    file.seek(spec.offset)
    return [int(value) for value in np.frombuffer(file.read(spec.size_bytes), spec.dtype)]


def _row(file: IO[bytes], spec: ArraySpec, index: int) -> NDArray[np.float64]:
    """Row ``index`` of a float array, flat, as float64."""
    elements = prod(spec.shape[1:])
    file.seek(spec.offset + index * elements * spec.itemsize)
    raw = file.read(elements * spec.itemsize)
    if spec.dtype == "bfloat16":  # the upper half of a float32
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return np.frombuffer(raw, spec.dtype).astype(np.float64)


def _covariance(file: IO[bytes], layout: VariantLayout, index: int, dim: int) -> NDArray[np.float64]:
    values = _row(file, layout.covariance, index)
    if not layout.packed:
        return values
    full = np.empty((dim, dim))
    unpack_lower(values, full)
    return full.reshape(-1)


def _relative(difference: float, base: float) -> float:
    if base == 0:
        return float("inf") if difference > 0 else 0.0
    return sqrt(difference / base)
