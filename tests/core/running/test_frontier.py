"""Every point of a job's frontier is a plan that a budget gives."""

from __future__ import annotations

import pytest

from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.planner import bound_bytes
from slora_core.running.planning import plan_config

TINY = RunConfig().merged({"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}})


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("without", [None, "device_split", "stage_release", "feature_cache"])
def test_every_point_of_the_frontier_is_a_plan_that_its_budget_allows(device, without):
    config = TINY.merged({"run": {"device": device}, "measures": {without: False} if without else {}})
    profile = CUDA_PROFILE if device == "cuda" else CPU_PROFILE
    job = plan_config(config, profile)
    points = job.frontier(profile)
    assert points
    assert points == sorted(points)
    for peak, _ in points:
        plan = plan_config(config.merged({"memory": {"budget": bound_bytes(peak, profile)}}), profile).plan
        assert plan.feasible
        assert plan.predicted_peak_bytes <= peak
    assert bound_bytes(points[0][0], profile) == job.plan.smallest_feasible_bytes
