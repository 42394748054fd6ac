"""A plan asked again for another budget is the plan made from the start, whatever the measures."""

from __future__ import annotations

import pytest

from slora_core.config import RunConfig
from slora_core.memory.planner import bound_bytes
from slora_core.running.planning import plan_config

TINY = RunConfig().merged({"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}})


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("without", [None, "device_split", "stage_release", "feature_cache"])
@pytest.mark.parametrize("budget", [None, 700_000, 100_000_000])
def test_another_budget_gives_the_plan_made_for_it(device, without, budget):
    config = TINY.merged({"run": {"device": device}, "measures": {without: False} if without else {}})
    job = plan_config(config.merged({"memory": {"budget": "32MiB"}}))
    assert job.with_budget(budget).plan == plan_config(config.merged({"memory": {"budget": budget}})).plan


def test_every_point_of_the_frontier_is_a_plan_that_its_budget_allows():
    job = plan_config(TINY)
    points = job.frontier()
    assert len(points) > 2
    assert points == sorted(points)
    for peak, _ in points:
        plan = job.with_budget(bound_bytes(peak, job.setting.device)).plan
        assert plan.feasible
        assert plan.predicted_peak_bytes <= peak
    assert bound_bytes(points[0][0], job.setting.device) == job.plan.smallest_feasible_bytes
