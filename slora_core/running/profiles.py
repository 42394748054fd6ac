"""The planner's view of a device for one job: with what a library takes there for sizes that only the job knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.devices import profile_of
from slora_core.memory.eigensolver import eigensolver_bytes
from slora_core.types import Workload


def job_profile(config: RunConfig, device: torch.device, workloads: Sequence[Workload]) -> DeviceProfile:
    """As :func:`~slora_core.memory.devices.profile_of`. A CUDA device is asked what its eigensolver takes, where the
    evaluation needs one."""
    profile = profile_of(device, config.run.threads)
    dims = [workload.dim for workload in workloads if workload.evaluation_rows]
    if device.type != "cuda" or not dims or "lr-rgda" not in config.classifiers.names:
        return profile
    measured = {**profile.workspace_bytes, "eigh": eigensolver_bytes(device, max(dims))}
    return dataclasses.replace(profile, workspace_bytes=measured)
