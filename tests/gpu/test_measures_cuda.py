"""Every memory measure off alone on a CUDA device: the same result, no stage above its bound."""

from __future__ import annotations

import pytest
import torch

from slora_core import isolate
from slora_core.config import MeasuresConfig, RunConfig
from slora_core.events import RunFinished, RunStarted, StageFinished
from slora_core.records.deviation import deviations

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 3000, "dim": 96, "classes": 6},
        "operators": {
            "names": ["linear", "weaknonlinear", "attention", "rff"],
            "weaknonlinear": {"steps": 40, "samples": 700},
            "attention": {"samples": 300, "top_k": 200},
            "rff": {"samples": 300},
        },
        "run": {"device": "cuda"},
    }
)


def run(config, path):
    events = list(isolate.stream(config.merged({"output": {"state": str(path)}})))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("base") / "base.safetensors"
    run(CONFIG, path)
    return path


@pytest.mark.parametrize("name", [*MeasuresConfig.model_fields, "all"])
def test_a_measure_off_keeps_the_result_and_the_bound(name, base, tmp_path) -> None:
    names = MeasuresConfig.model_fields if name == "all" else (name,)
    events = run(CONFIG.merged({"measures": dict.fromkeys(names, False)}), tmp_path / "off.safetensors")
    rows = deviations(base, tmp_path / "off.safetensors")
    assert max(max(row.mean, row.covariance) for row in rows) <= 1e-6
    plan = next(event.plan for event in events if isinstance(event, RunStarted))
    bounds = {stage["stage"]: stage["bound_bytes"] for stage in plan["stages"]}
    reserved = {event.stage: event.peaks.reserved_bytes for event in events if isinstance(event, StageFinished)}
    assert {stage: (reserved[stage], bounds[stage]) for stage in bounds if reserved[stage] > bounds[stage]} == {}
