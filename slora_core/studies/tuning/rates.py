"""The rates of a device from stages that were timed on it. Torch-free.

A plan's seconds are sums of work over rates, so log seconds are smooth in log rates: a few Gauss-Newton steps on the
relative errors, each a least-squares problem, with a weak pull to the rates that were there. A rate that no stage
depends on stays what it was.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile, MeasuredOption
from slora_core.memory.tuning import RATES
from slora_core.running.measured import choice_key, plain_stage, stage_settings
from slora_core.running.planning import new_requests
from slora_core.types import Workload

STEPS: Final = 6
PULL: Final = 0.1
"""Weight of the old rates against a relative error of one in a stage."""
MOST_STEP: Final = 1.5
FURTHEST: Final = 4.0
"""Rates stay within e^4 of the old ones: further is a model that does not fit, not a machine."""
OUTLIER: Final = 0.4
"""A relative error beyond this, and beyond twice the usual, counts the less the larger it is."""
WHOLE_WEIGHT: Final = 3.0


@dataclass(frozen=True, slots=True)
class Observation:
    """``stage`` of the job ``config`` on ``workload`` took ``seconds`` with ``choice``.

    ``whole``: in a whole run, which counts more than a trial. ``offered``: the policy ``tuned`` may take the option.
    ``modelled_s`` is the model's time of a stage that only a probe can plan (extraction); it tells nothing of rates.
    """

    stage: str
    config: Mapping[str, Any]
    workload: Workload
    choice: str
    seconds: float
    whole: bool = False
    offered: bool = True
    modelled_s: float | None = None

    @property
    def identity(self) -> str:
        """Equal for observations of the same option of the same stage of the same job."""
        data = [self.stage, self.config, dataclasses.asdict(self.workload), self.choice]
        return json.dumps(data, sort_keys=True)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Observation:
        """Raises TypeError and KeyError for other data."""
        return cls(**{**data, "workload": Workload(**data["workload"])})


def job_of(config: RunConfig) -> dict[str, Any]:
    """What of a configuration decides the work of its stages."""
    data = config.model_dump(mode="json", include={"operators", "classifiers", "measures"})
    return {**data, "source": {"kind": config.source.kind}}


def modelled_seconds(observations: Sequence[Observation], device: DeviceProfile) -> NDArray[np.float64]:
    """Seconds of each observation by the model of a plan; NaN where no option has its choice (any more)."""
    tables: dict[str, dict[str, float]] = {}
    found = []
    for item in observations:
        job = json.dumps([item.config, dataclasses.asdict(item.workload)], sort_keys=True)
        if job not in tables:
            tables[job] = _table(item, device)
        found.append(tables[job].get(f"{item.stage} {item.choice}", np.nan))
    return np.array(found, np.float64)


def _table(item: Observation, device: DeviceProfile) -> dict[str, float]:
    """Modelled seconds by stage and choice, of the planned options and of the measures' own."""
    config = RunConfig.from_dict(dict(item.config))
    return {
        f"{plain_stage(request.stage)} {choice_key(option.choice, item.workload)}": option.seconds
        for request in new_requests(config, item.workload, device)
        for option in request.options
    }


def fit_rates(observations: Sequence[Observation], device: DeviceProfile) -> dict[str, float]:
    """Rates of ``device`` under which the model gives the observed seconds best; the others as they are."""
    usable = [item for item in observations if item.seconds > 0]
    known = modelled_seconds(usable, device)
    usable = [item for item, model in zip(usable, known, strict=True) if np.isfinite(model) and model > 0]
    names = [name for name in RATES if getattr(device, name) > 0]
    start = np.log([getattr(device, name) for name in names])
    if not usable:
        return dict(zip(names, np.exp(start).tolist(), strict=True))
    target = np.log([item.seconds for item in usable])
    importance = np.array([WHOLE_WEIGHT if item.whole else 1.0 for item in usable])
    logs = start.copy()
    for _ in range(STEPS):
        current = np.log(modelled_seconds(usable, _with(device, names, logs)))
        slopes = _slopes(usable, device, names, logs, current)
        residual = target - current
        size = np.abs(residual)
        usual = max(OUTLIER, 2 * float(np.median(size)))
        weight = np.sqrt(importance) * np.minimum(1.0, usual / np.maximum(size, 1e-9))
        matrix = np.vstack([slopes * weight[:, None], PULL * np.eye(len(names))])
        wanted = np.concatenate([residual * weight, PULL * (start - logs)])
        step = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        logs = np.clip(logs + np.clip(step, -MOST_STEP, MOST_STEP), start - FURTHEST, start + FURTHEST)
    return dict(zip(names, np.exp(logs).tolist(), strict=True))


def measured_options(observations: Sequence[Observation], device: DeviceProfile) -> list[MeasuredOption]:
    """The options that the policy ``tuned`` may take, with ratios to the model under the rates of ``device``."""
    options = []
    for item, planned_s in zip(observations, modelled_seconds(observations, device), strict=True):
        model = item.modelled_s or planned_s
        if item.offered and item.seconds > 0 and np.isfinite(model) and model > 0:
            settings = stage_settings(item.stage, RunConfig.from_dict(dict(item.config)))
            workload = item.workload
            options.append(
                MeasuredOption(
                    item.stage, settings, workload.dim, workload.pairs, item.choice, float(item.seconds / model)
                )
            )
    return options


def merged(old: Sequence[Observation], new: Sequence[Observation]) -> list[Observation]:
    """New observations replace old ones of the same option; a whole run also replaces a trial."""
    found = {item.identity: item for item in old}
    for item in sorted(new, key=lambda observation: observation.whole):
        found[item.identity] = item
    return list(found.values())


def _with(device: DeviceProfile, names: Sequence[str], logs: NDArray[np.float64]) -> DeviceProfile:
    rates: dict[str, Any] = dict(zip(names, np.exp(logs).tolist(), strict=True))
    return dataclasses.replace(device, **rates)


def _slopes(
    observations: Sequence[Observation],
    device: DeviceProfile,
    names: Sequence[str],
    logs: NDArray[np.float64],
    current: NDArray[np.float64],
) -> NDArray[np.float64]:
    """d log seconds / d log rate, by differences."""
    columns = []
    for number in range(len(names)):
        moved = logs.copy()
        moved[number] += 0.05
        columns.append((np.log(modelled_seconds(observations, _with(device, names, moved))) - current) / 0.05)
    return np.stack(columns, axis=1)
