"""Predicted against measured peaks over random workloads and budgets."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from typing import Any, Final

from slora_core import pipeline
from slora_core.bench.measure import Say
from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_core.events import RunFailed, RunStarted, StageFinished
from slora_core.memory.device import DeviceProfile
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.planner import bound_bytes, reserved_bytes
from slora_core.records.tables import TextTable
from slora_core.running.planning import plan_config
from slora_core.studies.whole_run import OUTSIDE
from slora_core.types import OPERATORS

_WORTH_TELLING: Final = 0.05
"""Relative error of a stage beyond which its run is named."""


def measure_prediction(config: RunConfig, runs: int, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """Error of the predicted peak of every stage and of every whole run; budgets between feasible and ample.

    Sizes, operators, k, sample counts and budgets are random from the seed of ``config``. On a GPU errors are also
    taken against the reserved bytes.
    """
    draw = random.Random(config.run.seed)
    stage_errors: list[float] = []
    run_errors: list[float] = []
    waste: list[float] = []
    slack_used: list[float] = []
    reserved_errors: list[float] = []
    above = 0
    device = profile_of(resolve_device(config.run.device), config.run.threads)
    for number in range(runs):
        if number % 20 == 0:
            say(f"random run {number + 1} of {runs}")
        own = _random_config(draw, config, device)
        predicted, peaks, pool = _one_run(own)
        errors = [abs(peaks[stage] - predicted[stage]) / peaks[stage] for stage in predicted if peaks.get(stage)]
        stage_errors += errors
        measured, expected = max(peaks[stage] for stage in predicted), max(predicted.values())
        run_errors.append(abs(measured - expected) / measured)
        bound, bounded = bound_bytes(expected, device), measured
        if (reserved := reserved_bytes(expected, device)) is not None:
            bounded = max(pool[stage] for stage in predicted)
            reserved_errors.append(abs(bounded - reserved) / bounded)
        waste.append(bound / bounded - 1)
        slack_used.append((bounded - expected) / (bound - expected))
        above += bounded > bound
        if bounded > bound or max(errors) > _WORTH_TELLING:
            say(f"run {number + 1}: {predicted} predicted, {peaks} measured, {pool} reserved, bound {bound}")
            say(f"run {number + 1}: {own.to_dict()}")
    rows = [_error_row("stages", stage_errors), _error_row("whole runs", run_errors)]
    if reserved_errors:
        rows.append(_error_row("whole runs, reserved", reserved_errors))
    rows.append(("waste of the bound", str(len(waste)), *_quantiles(waste)))
    rows.append(("slack of the bound that was used", str(len(slack_used)), *_quantiles(slack_used)))
    table = TextTable(
        f"Predicted against measured peak, {runs} random runs; above their bound: {above}",
        ("", "cases", "median", "95 %", "worst"),
        (False, True, True, True, True),
        tuple(rows),
    )
    data = {
        "runs": runs,
        "above_bound": above,
        "stage_errors": stage_errors,
        "run_errors": run_errors,
        "reserved_errors": reserved_errors,
        "waste": waste,
        "slack_used": slack_used,
    }
    return [table], data


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What random workloads are drawn from."""

    dims: tuple[int, ...]
    pairs_exponent: tuple[float, float]
    most_elements: int
    most_classes: int
    most_samples: int
    features: tuple[int, ...]


_ON_CPU: Final = _Sizes((8, 16, 33, 64, 96, 128), (1.5, 3.7), 10**7, 12, 900, (32, 100, 256))
_ON_GPU: Final = _Sizes((64, 128, 200, 384, 768), (2.5, 4.6), 8 * 10**6, 24, 3000, (256, 1024))


def _random_config(draw: random.Random, config: RunConfig, device: DeviceProfile) -> RunConfig:
    sizes = _ON_GPU if device.kind == "cuda" else _ON_CPU
    dim = draw.choice(sizes.dims)
    own = config.merged(
        {
            "source": {
                "kind": "synthetic",
                "pairs": min(round(10 ** draw.uniform(*sizes.pairs_exponent)), sizes.most_elements // dim),
                "dim": dim,
                "classes": draw.randint(1, sizes.most_classes),
            },
            "operators": {
                "names": draw.sample(OPERATORS, draw.randint(1, len(OPERATORS))),
                "weaknonlinear": {"steps": draw.randint(2, 12), "samples": draw.randint(2, sizes.most_samples)},
                "attention": {
                    "top_k": draw.choice((1, 20, 400, 2000)),
                    "samples": draw.randint(2, sizes.most_samples),
                },
                "rff": {"features": draw.choice(sizes.features), "samples": draw.randint(2, sizes.most_samples)},
            },
            "run": {"seed": draw.randrange(2**31), "sample_hz": 0},
            "memory": {"policy": draw.choice(("planned", "planned", "fixed", "adaptive"))},
        }
    )
    plan = plan_config(own, device).plan
    budget = round(plan.smallest_feasible_bytes * draw.choice((1.0, draw.uniform(1.0, 1.5), draw.uniform(1.5, 8.0))))
    return own.merged({"memory": {"budget": budget}})


def _one_run(config: RunConfig) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Predicted peak by planned stage, measured peak, and on a GPU the largest pool."""
    predicted: dict[str, int] = {}
    peaks: dict[str, int] = {}
    pool: dict[str, int] = {}
    for event in pipeline.stream(config):
        match event:
            case RunStarted(plan=plan) if plan is not None:
                predicted = {stage["stage"]: stage["predicted_peak_bytes"] for stage in plan["stages"]}
            case StageFinished() if event.stage not in OUTSIDE:
                peaks[event.stage] = event.peaks.allocated_bytes or 0
                pool[event.stage] = event.peaks.reserved_bytes or 0
            case RunFailed():
                raise SloraError(f"a random run failed: {event.what}\n{config.to_toml()}\n{event.details}")
    return predicted, peaks, pool


def _error_row(name: str, errors: list[float]) -> tuple[str, ...]:
    return (name, str(len(errors)), *_quantiles(errors))


def _quantiles(values: list[float]) -> tuple[str, str, str]:
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return tuple(f"{100 * value:.3f} %" for value in (statistics.median(ordered), high, ordered[-1]))  # type: ignore[return-value]
