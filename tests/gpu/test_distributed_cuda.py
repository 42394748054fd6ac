"""Ranks on cards: two that share one stay in their halves, and those with one each meet through NCCL."""

from __future__ import annotations

import pytest
import torch

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.events import RunFinished, RunStarted, StageFinished
from slora_core.records.deviation import deviations

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


def run(tmp_path, name, ranks, **sections):
    config = RunConfig.from_dict(
        {
            "source": {"kind": "synthetic", "pairs": 4000, "dim": 128, "classes": 9},
            "operators": {
                "names": ["linear", "weaknonlinear", "attention", "rff"],
                "weaknonlinear": {"steps": 100, "samples": 500},
                "attention": {"samples": 500, "top_k": 200},
                "rff": {"samples": 500},
            },
            "run": {"device": "cuda"},
            "distributed": {"processes": ranks},
            "output": {"state": str(tmp_path / f"{name}.safetensors")},
        }
    ).merged(sections)
    events = list(isolate.stream(config))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def worst(tmp_path, one, other):
    rows = deviations(tmp_path / f"{one}.safetensors", tmp_path / f"{other}.safetensors")
    return max(max(row.mean, row.covariance) for row in rows)


def test_two_ranks_that_share_a_card_stay_in_their_halves(tmp_path):
    """Gloo, since NCCL refuses a card twice."""
    run(tmp_path, "one", 1)
    events = run(tmp_path, "two", 2, run={"device": "cuda:0"})
    half = torch.cuda.get_device_properties(0).total_memory // 2
    started = next(event for event in events if isinstance(event, RunStarted))
    assert started.budget_bytes < half
    peaks = [event for event in events if isinstance(event, StageFinished)]
    assert {event.rank for event in peaks} == {0, 1}
    assert all((event.peaks.reserved_bytes or 0) <= started.budget_bytes for event in peaks)
    assert events[-1].within_budget
    assert worst(tmp_path, "one", "two") <= 1e-6


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_ranks_with_a_card_each_meet_through_nccl(tmp_path):
    run(tmp_path, "one", 1)
    events = run(tmp_path, "two", 2, distributed={"backend": "nccl"})
    sent = {e.stage: e.communicated_bytes for e in events if isinstance(e, StageFinished) and e.rank == 1}
    assert sent["linear.fit"] >= 3 * 128 * 128 * 8
    assert worst(tmp_path, "one", "two") <= 1e-6
