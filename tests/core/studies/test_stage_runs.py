"""A stage timed in parts stands for the whole; every kind of stage can be timed."""

from __future__ import annotations

import pytest
import torch

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.plan import ExtractionChoice
from slora_core.memory.device import CPU_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.plan import Option
from slora_core.running.planning import round_requests
from slora_core.studies.tuning.stage_runs import StageRuns, estimate
from slora_core.types import Workload

CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic"},
        "operators": {
            "names": "linear,weaknonlinear,attention,rff",
            "weaknonlinear": {"steps": 50, "samples": 64},
            "attention": {"samples": 64, "top_k": 8},
            "rff": {"features": 16, "samples": 64},
        },
    }
)
WORKLOAD = Workload(300, 6, 5)


def test_a_line_through_two_sizes_is_drawn_out_to_the_whole():
    asked = []

    def run(units):
        asked.append(units)
        return 0.3 + 0.01 * units

    found = estimate(run, 4, 1000, lambda: None)

    assert found.seconds == pytest.approx(0.3 + 0.01 * 1000)
    assert not found.whole
    assert max(asked) < 1000


def test_what_is_quick_is_run_whole():
    found = estimate(lambda units: 1e-4 * units, 8, 100, lambda: None)
    assert found == type(found)(pytest.approx(1e-2), True)


@pytest.mark.parametrize("stage", [r.stage for r in round_requests(CONFIG, WORKLOAD, CPU_PROFILE, "")])
def test_every_stage_with_a_choice_is_timed_with_its_smallest_and_its_fastest_option(tmp_path, stage):
    requests = {r.stage: r for r in round_requests(CONFIG, WORKLOAD, CPU_PROFILE, "")}
    if stage == "attention.fit":
        pytest.skip("nothing is computed")
    options = requests[stage].options
    ctx = RunContext(torch.device("cpu"), scratch=tmp_path)
    with StageRuns(ctx, CONFIG, CPU_PROFILE, WORKLOAD) as runs:
        for option in (min(options, key=lambda o: o.footprint.peak_bytes()), min(options, key=lambda o: o.seconds)):
            assert runs.measure(stage, option).seconds > 0


def test_the_demos_extraction_is_timed_too(tmp_path):
    ctx = RunContext(torch.device("cpu"), scratch=tmp_path)
    with StageRuns(ctx, RunConfig(), CPU_PROFILE, Workload(900, 64, 2)) as runs:
        found = runs.measure("task2.extract", Option(ExtractionChoice(128), Footprint(), 1.0))
    assert found.seconds > 0
