"""What was measured on a device, found again for the stage at hand. Torch-free."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from math import log
from typing import Any, Final

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile, MeasuredOption
from slora_core.memory.plan import StageRequest
from slora_core.types import OPERATORS, Workload

NEAR: Final = 2.0
"""A ratio measured with N pairs serves N / NEAR to NEAR N: the model scales inside, and is not trusted beyond."""
ALL_PAIRS: Final = "all pairs"
_OF_PAIRS: Final = {"panel", "rows"}
_ROUND = re.compile(r"^task\d+\.")


def plain_stage(stage: str) -> str:
    """The name of a stage without the prefix of its round: ``task3.attention.move`` is ``attention.move``."""
    return _ROUND.sub("", stage)


def stage_settings(stage: str, config: RunConfig) -> str:
    """A digest of the settings that decide the work of ``stage``, beside sizes, choice and device."""
    owner = plain_stage(stage).partition(".")[0]
    data: dict[str, Any] = {"measures": config.measures.model_dump(mode="json")}
    if owner in OPERATORS:
        data |= getattr(config.operators, owner).model_dump(mode="json")
    if owner == "extract":
        data["precision"] = config.precision
    if owner == "evaluate":
        data |= config.classifiers.model_dump(mode="json")
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]


def choice_key(choice: Any, workload: Workload) -> str:
    """A choice, or its fields, as JSON with sorted keys; a number of rows that is all pairs stays that elsewhere."""
    values: dict[str, Any] = dict(choice) if isinstance(choice, Mapping) else dataclasses.asdict(choice)
    for name in _OF_PAIRS & values.keys():
        if values[name] == workload.pairs:
            values[name] = ALL_PAIRS
    return json.dumps(values, sort_keys=True)


def with_measured(request: StageRequest, workload: Workload, config: RunConfig, device: DeviceProfile) -> StageRequest:
    """The request with the seconds of its measured options corrected by what was measured."""
    known = _near(request.stage, workload, config, device)
    if not known:
        return request
    options = []
    for option in request.options:
        ratio = known.get(choice_key(option.choice, workload))
        options.append(
            option
            if ratio is None or option.measured
            else dataclasses.replace(option, seconds=option.seconds * ratio, measured=True)
        )
    return dataclasses.replace(request, options=tuple(options))


def _near(stage: str, workload: Workload, config: RunConfig, device: DeviceProfile) -> dict[str, float]:
    """Ratio by choice, of the measurement with the nearest number of pairs."""
    name, settings = plain_stage(stage), stage_settings(stage, config)
    found: dict[str, tuple[float, float]] = {}
    for item in device.measured:
        if (item.stage, item.settings, item.dim) == (name, settings, workload.dim):
            distance = _distance(item, workload)
            if distance <= log(NEAR) and distance < found.get(item.choice, (float("inf"), 0.0))[0]:
                found[item.choice] = (distance, item.ratio)
    return {key: ratio for key, (_, ratio) in found.items()}


def _distance(item: MeasuredOption, workload: Workload) -> float:
    return abs(log(max(1, item.pairs) / max(1, workload.pairs)))
