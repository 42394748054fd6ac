"""Memory that runs out on a CUDA device, and neighbours on the card: the same result, recorded, within the budget."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from slora_core import api, isolate
from slora_core.config import RunConfig
from slora_core.events import Notice, RunFinished, StageFinished, StageStarted
from slora_core.memory.devices import profile_of
from slora_core.memory.planner import POOL_SEGMENTS
from slora_core.memory.probe import Probe
from slora_core.running.planning import plan_config
from slora_core.statistics.state import ClassState
from slora_core.types import MIB

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
PAIRS, DIM, CLASSES = 16000, 384, 24
CONFIG = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": PAIRS, "dim": DIM, "classes": CLASSES},
        "operators": {
            "names": ["linear", "weaknonlinear", "attention", "rff"],
            "weaknonlinear": {"steps": 80, "samples": 900},
            "attention": {"samples": 1000, "top_k": 300},
            "rff": {"samples": 1000},
        },
        "run": {"device": "cuda"},
    }
)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    before = rng.standard_normal((PAIRS, DIM), dtype=np.float32)
    roots = rng.standard_normal((CLASSES, DIM, 2 * DIM), dtype=np.float32)
    covariances = roots @ roots.transpose(0, 2, 1) / (2 * DIM)
    ids = np.arange(CLASSES)
    state = ClassState.from_arrays(
        ids, ids + 9, rng.standard_normal((CLASSES, DIM)), (covariances + covariances.transpose(0, 2, 1)) / 2
    )
    return before, before + 0.2 * np.tanh(before), state


def compensate(data, budget_bytes=None, on_event=None):
    return api.compensate(*data, config=CONFIG, budget=budget_bytes, on_event=on_event)


def worst_deviation(got, expected) -> float:
    return max(
        float(np.linalg.norm(a - b) / np.linalg.norm(b))
        for name in expected
        for a, b in (
            (got[name].means, expected[name].means),
            (got[name].covariances, expected[name].covariances),
        )
    )


@pytest.fixture(scope="module")
def expected(data):
    return compensate(data)


def ample_budget() -> int:
    """Room for the fastest plan, so that every stage has something smaller to go on with."""
    plan = plan_config(CONFIG, profile_of(torch.device("cuda"))).plan
    return plan.bound_bytes + 8 * MIB


@pytest.mark.parametrize(
    "stage",
    ["linear.fit", "linear.move", "weaknonlinear.fit", "weaknonlinear.move", "attention.move", "rff.fit", "rff.move"],
)
def test_an_out_of_memory_in_a_stage_is_survived_recorded_and_changes_nothing(stage, data, expected) -> None:
    """While the stage lasts the pool may not grow by more than two thirds of what was planned for it; once that was
    refused, not by more than the bound of the least that it can do with."""
    budget_bytes, seen, notices = ample_budget(), [], []
    job = plan_config(CONFIG.merged({"memory": {"budget": budget_bytes}}), profile_of(torch.device("cuda")))
    needed = job.option(stage).footprint.arena_totals()[0]
    least = min(option.footprint.arena_totals()[0] for option in job.requests[stage].options)
    total = torch.cuda.get_device_properties(0).total_memory

    def allow(growth_bytes: int) -> None:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + growth_bytes) / total)

    def on_event(event) -> None:
        if isinstance(event, StageStarted) and event.stage == stage:
            torch.eye(2, device="cuda").mm(torch.eye(2, device="cuda"))  # the matrix library takes its workspace
            seen.append(torch.cuda.get_per_process_memory_fraction())
            allow(needed * 2 // 3)
        if isinstance(event, StageFinished) and event.stage == stage:
            torch.cuda.set_per_process_memory_fraction(seen[0])
        if isinstance(event, Notice) and event.kind == "retry":
            notices.append(event)
            allow(max(needed * 2 // 3, least + POOL_SEGMENTS * 2 * MIB))

    moved = compensate(data, budget_bytes, on_event)
    assert [notice.stage for notice in notices[:1]] == [stage], (needed, seen, torch.cuda.memory_reserved())
    assert "out of memory" in notices[0].message
    assert worst_deviation(moved, expected) < 1e-6 if "weak" not in stage else worst_deviation(moved, expected) < 1e-4


def test_budgets_are_kept_and_change_nothing(data, expected) -> None:
    smallest = plan_config(CONFIG, profile_of(torch.device("cuda"))).plan.smallest_feasible_bytes
    for budget_bytes in (ample_budget(), (ample_budget() + smallest) // 2, smallest):
        events = []
        moved = compensate(data, budget_bytes, events.append)
        reserved = [event.peaks.reserved_bytes for event in events if isinstance(event, StageFinished)]
        assert 0 < max(reserved) <= budget_bytes
        assert [event for event in events if isinstance(event, Notice) and event.kind == "retry"] == []
        assert worst_deviation(moved, expected) < 1e-6


def test_the_host_program_s_settings_are_as_before(data) -> None:
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.cuda.manual_seed(5)
    try:
        on_device, on_host = torch.cuda.get_rng_state().clone(), torch.get_rng_state().clone()
        precision = torch.get_float32_matmul_precision()
        fraction = torch.cuda.get_per_process_memory_fraction()
        compensate(data, ample_budget())
        assert torch.backends.cuda.matmul.allow_tf32
        assert torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == precision
        assert torch.equal(torch.cuda.get_rng_state(), on_device)
        assert torch.equal(torch.get_rng_state(), on_host)
        assert torch.cuda.get_per_process_memory_fraction() == fraction
        assert torch.cuda.current_stream() == torch.cuda.default_stream()
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False


OTHER_RUN = """
import json, sys
from slora_core import isolate
from slora_core.config import RunConfig
for event in isolate.stream(RunConfig.from_dict(json.loads(sys.argv[1]))):
    pass
print(json.dumps([type(event).__name__, event.within_budget, event.peaks.reserved_bytes]))
"""


def test_two_runs_at_once_stay_in_their_budgets() -> None:
    budget = 96 * MIB
    config = CONFIG.merged({"memory": {"budget": budget}})
    command = [sys.executable, "-c", OTHER_RUN, json.dumps(config.to_dict())]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    *_, last = isolate.stream(config)
    assert isinstance(last, RunFinished)
    assert last.within_budget
    name, within, reserved = json.loads(other.communicate(timeout=120)[0])
    assert (name, within) == ("RunFinished", True)
    assert reserved <= budget


HOG = """
import sys, torch
torch.zeros(1, device="cuda")
print("ready", flush=True)
sys.stdin.readline()
hog = torch.zeros(512 * 1024**2, dtype=torch.uint8, device="cuda")
sys.stdin.readline()
"""


def test_memory_that_another_process_takes_is_noticed() -> None:
    """A neighbour that is already on the card takes half a gigabyte more while the network is trained."""
    if not driver_tells_processes():
        pytest.skip("the driver does not say here what a process holds: nothing can be told")
    config = CONFIG.merged({"operators": {"weaknonlinear": {"steps": 40000}}})
    noticed = []
    with subprocess.Popen([sys.executable, "-c", HOG], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hog:
        assert hog.stdout.readline() == "ready\n"
        for event in isolate.stream(config):
            if isinstance(event, StageStarted) and event.stage == "weaknonlinear.fit":
                print(file=hog.stdin, flush=True)
            noticed += [event] if isinstance(event, Notice) and event.kind == "other-process" else []
        print(file=hog.stdin, flush=True)
    assert isinstance(event, RunFinished)
    assert noticed
    assert noticed[0].data["grown_bytes"] >= 64 * MIB


def driver_tells_processes() -> bool:
    torch.zeros(1, device="cuda")
    return Probe(0).read().process_bytes is not None
