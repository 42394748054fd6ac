"""Modules and loaders on a CUDA device: pairs that stream give the stored results, inside the plan's bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import slora_core as slora
from slora_core.config import RunConfig
from slora_core.events import Notice, StageFinished

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]

INPUTS, DIM, ROWS = 64, 192, 3000


@pytest.fixture(scope="module")
def pair():
    """A module before and after a task, labelled batches of the task, and statistics of two older classes."""
    torch.manual_seed(0)
    before, after = (nn.Sequential(nn.Linear(INPUTS, DIM), nn.Tanh()) for _ in range(2))
    after.load_state_dict({name: value + 0.02 * torch.randn_like(value) for name, value in before.state_dict().items()})
    values, labels = torch.randn(ROWS, INPUTS), torch.arange(ROWS) % 3 + 2
    batches = list(zip(values.split(100), labels.split(100), strict=True))
    with torch.no_grad():
        state = slora.class_statistics(before(torch.randn(500, INPUTS)), torch.arange(500) % 2)
    return before, after, batches, state


def moved(pair, events, *, stream):
    config = RunConfig().merged(
        {
            "operators": {"names": "linear,rff"},
            "extraction": {"cache_disk": 0, "stream": stream},
            "run": {"sample_hz": 0},
        }
    )
    return slora.compensate_models(*pair, config=config, device="cuda", on_event=events.append)


def test_streamed_pairs_give_the_stored_results_and_every_stage_stays_below_its_bound(pair):
    events = []
    streamed, stored = moved(pair, events, stream=True), moved(pair, [], stream=False)
    for name, state in stored.items():
        for key in ("means", "covariances"):
            ours, theirs = getattr(streamed[name], key), getattr(state, key)
            assert np.linalg.norm(ours - theirs) <= 1e-6 * np.linalg.norm(theirs), (name, key)
    plan = next(event.data["plan"] for event in events if isinstance(event, Notice) and event.kind == "replanned")
    bounds = {stage["stage"]: stage["bound_bytes"] for stage in plan["stages"]}
    assert {"extract", "statistics", "linear.move", "rff.move"} <= bounds.keys()
    for event in events:
        if isinstance(event, StageFinished) and event.stage in bounds:
            assert event.peaks.reserved_bytes <= bounds[event.stage], event.stage
    assert all(parameter.device.type == "cpu" for model in pair[:2] for parameter in model.parameters())
