"""Runs laid over each other stage by stage: every stage gets one slot of width 1, whatever time it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_POINTS: Final = 6000
_POINTS_PER_SLOT: Final = (40, 400)


@dataclass(frozen=True, slots=True)
class Slot:
    """A stripe from ``start_s`` to ``end_s`` in slots, for stage ``stage`` at nesting ``depth``."""

    start_s: float
    end_s: float
    stage: str
    depth: int


def inner_stages(stages: Sequence[Any]) -> list[Any]:
    """Finished stages that have no stages inside, in their order."""
    parents = {stage.parent for stage in stages}
    return [stage for stage in stages if stage.stage not in parents and stage.seconds is not None]


def slot_names(runs: Sequence[Sequence[Any]]) -> list[str]:
    """Innermost stages of all runs, in the order of the first; a stage only later runs have follows its predecessor."""
    names: list[str] = []
    for stages in runs:
        at = 0
        for stage in inner_stages(stages):
            if stage.stage in names:
                at = max(at, names.index(stage.stage) + 1)
            else:
                names.insert(at, stage.stage)
                at += 1
    return names


def slot_bands(names: Sequence[str]) -> list[Slot]:
    """Stripes for every level of the dotted names: neighbours under one parent share its stripe."""
    bands: list[Slot] = []
    for depth in range(max((name.count(".") for name in names), default=-1) + 1):
        heads = [".".join(name.split(".")[: depth + 1]) if name.count(".") >= depth else "" for name in names]
        start = 0
        for end in range(1, len(names) + 1):
            if end == len(names) or heads[end] != heads[start]:
                if heads[start]:
                    bands.append(Slot(start, end, heads[start], depth))
                start = end
    return bands


def into_slots(
    t_s: NDArray[np.float64], values: NDArray[np.float64], stages: Sequence[Any], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(positions [m], values [m]) of n samples: those inside a stage, at its slot plus the share of its time gone by.

    A NaN between slots interrupts the curve; of a stage that ran more than once the last run is taken.
    """
    last = {stage.stage: stage for stage in inner_stages(stages)}
    points = min(max(_POINTS // max(1, len(names)), _POINTS_PER_SLOT[0]), _POINTS_PER_SLOT[1])
    positions, pieces = [np.empty(0)], [np.empty(0)]
    for slot, name in enumerate(names):
        stage = last.get(name)
        if stage is None:
            continue
        inside = slice(*np.searchsorted(t_s, (stage.started_s, stage.started_s + stage.seconds)))
        moments, inside_values = extremes(t_s[inside], values[inside], points)
        positions += [slot + (moments - stage.started_s) / max(stage.seconds, 1e-9), np.array([slot + 1.0])]
        pieces += [inside_values, np.array([np.nan])]
    return np.concatenate(positions), np.concatenate(pieces)


def extremes(
    t_s: NDArray[np.float64], values: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """n samples thinned to about ``count`` or left as they are: the smallest and largest known of each equal run."""
    size = 2 * len(values) // count
    return extremes_of(t_s, values, size) if size >= 3 else (t_s, values)


def extremes_of(
    t_s: NDArray[np.float64], values: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The smallest and largest known of every ``size`` of n samples; below two all are left as they are."""
    if size < 2:
        return t_s, values
    runs = len(values) // size
    pieces = values[: runs * size].reshape(runs, size)
    lows, highs = np.fmin.reduce(pieces, axis=1), np.fmax.reduce(pieces, axis=1)
    moments = t_s[: runs * size].reshape(runs, size)[:, [0, size // 2]].ravel()
    thinned = np.stack([lows, highs], axis=1).ravel()
    if runs * size == len(values):
        return moments, thinned
    rest = values[runs * size :]
    ends = t_s[[runs * size, -1]]
    return np.append(moments, ends), np.append(thinned, [np.fmin.reduce(rest), np.fmax.reduce(rest)])


def slot_peaks(stages: Sequence[Any], names: Sequence[str], counter: str) -> dict[int, int]:
    """Largest peak by counter of each slot's stage; slots without a known one are left out."""
    peaks: dict[int, int] = {}
    place = {name: slot for slot, name in enumerate(names)}
    for stage in inner_stages(stages):
        value = getattr(stage, counter, None)
        if value is not None and stage.stage in place:
            slot = place[stage.stage]
            peaks[slot] = max(peaks.get(slot, 0), value)
    return peaks
