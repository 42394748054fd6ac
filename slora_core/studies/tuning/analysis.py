"""From trials to rates, measured options, the frontier and the chosen point. Torch-free."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import StageRequest
from slora_core.memory.planner import bound_bytes, frontier
from slora_core.memory.tuning import RATES, read_observations, tuning_path, write_tuning
from slora_core.running.planning import JobPlan, plan_config
from slora_core.studies.tuning.rates import Observation, fit_rates, job_of, measured_options, merged
from slora_core.studies.tuning.results import best_of
from slora_core.types import Workload


@dataclass(frozen=True, slots=True)
class Tuned:
    """What is known of a device after the observations of this study and of earlier ones.

    ``builtin`` is the profile before any tuning, ``profile`` the one that the planner will have.
    """

    config: RunConfig
    builtin: DeviceProfile
    profile: DeviceProfile
    observations: tuple[Observation, ...]
    path: Path

    def plan(self) -> JobPlan:
        """The tuned plan of the job; for the demo without the extraction, which a run probes first."""
        return plan_config(self.config.merged({"memory": {"policy": "tuned"}}), self.profile)

    def frontier(self) -> list[dict[str, float | int]]:
        """Peak against time of whole runs over measured options; ``budget_bytes`` is the budget that gives a point."""
        job = self.plan()
        requests = [_measured_alone(request) for request in job.counted]
        points = frontier(requests, device=self.profile, base_bytes=job.base_bytes, policy="tuned")
        return [
            {"peak_bytes": peak, "seconds": seconds, "budget_bytes": bound_bytes(peak, self.profile)}
            for peak, seconds in points
        ]

    def write(self) -> None:
        """Into the tuning file of the device. Raises OutputError."""
        device = {"kind": self.profile.kind, "name": self.profile.name, "threads": self.config.run.threads}
        rates = {name: getattr(self.profile, name) for name in RATES}
        kept = [dataclasses.asdict(item) for item in self.observations]
        write_tuning(self.path, device, rates, self.profile.measured, kept)

    def outcome(self) -> dict[str, Any]:
        plan = self.plan().plan
        return {
            "device": self.profile.name,
            "kind": self.profile.kind,
            "tuning_file": str(self.path),
            "rates_before": {name: getattr(self.builtin, name) for name in RATES},
            "rates": {name: getattr(self.profile, name) for name in RATES},
            "frontier": self.frontier(),
            "chosen": {
                "peak_bytes": plan.predicted_peak_bytes,
                "budget_bytes": plan.bound_bytes,
                "seconds": plan.seconds,
                "choices": {stage.stage: dataclasses.asdict(stage.choice) for stage in plan.stages},
            },
        }


def analyse(config: RunConfig, environment: Mapping[str, Any], trials: Iterable[Mapping[str, Any]]) -> Tuned:
    """Rates and options from the trials of a study, together with what the device's file already holds."""
    builtin = DeviceProfile(**{**environment["profile"], "measured": ()})
    path = tuning_path(builtin.kind, builtin.name, config.run.threads)
    new = [_observation(config, line) for line in best_of(trials) if line.get("seconds")]
    return derive(config, builtin, merged(_known(path), new), path)


def derive(config: RunConfig, builtin: DeviceProfile, observations: Sequence[Observation], path: Path) -> Tuned:
    """Rates fitted anew to all observations, and ratios to the model under them."""
    rates: dict[str, Any] = fit_rates(observations, builtin)
    fitted = dataclasses.replace(builtin, **rates)
    options = measured_options(observations, fitted)
    return Tuned(config, builtin, dataclasses.replace(fitted, measured=tuple(options)), tuple(observations), path)


def _observation(config: RunConfig, line: Mapping[str, Any]) -> Observation:
    workload = Workload(**line["workload"])
    probed_s = line.get("modelled_s") if line["stage"] == "extract" else None
    return Observation(line["stage"], job_of(config), workload, line["choice"], line["seconds"], modelled_s=probed_s)


def _known(path: Path) -> list[Observation]:
    found = []
    for item in read_observations(path):
        try:
            found.append(Observation.from_dict(item))
        except (TypeError, KeyError):
            continue
    return found


def _measured_alone(request: StageRequest) -> StageRequest:
    """The stage with its measured options, or as it is where none was measured."""
    options = tuple(option for option in request.options if option.measured)
    return dataclasses.replace(request, options=options) if options else request
