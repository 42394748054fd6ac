"""Linear, weak-nonlinear and the baseline on a CUDA device: the CPU's results, the planned memory, one graph a step."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from slora_core.baseline.draws import Draws
from slora_core.baseline.engine import run_baseline
from slora_core.baseline.plan import predicted_peak
from slora_core.cancel import CancelToken
from slora_core.compensators import recordings, registry
from slora_core.compensators.rff.draws import random_features
from slora_core.compensators.weak_nonlinear import training
from slora_core.compensators.weak_nonlinear.draws import batch_indices, initial_weights
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.numerics.graph import GraphedStep
from slora_core.numerics.noise import GivenNoise
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.studies.whole_run import run_whole
from slora_core.types import Workload

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
WORKLOAD = Workload(3000, 96, 5)
CONFIG = RunConfig().merged(
    {
        "operators": {
            "names": ["linear", "weaknonlinear", "attention"],
            "weaknonlinear": {"steps": 100, "samples": 600},
            "attention": {"samples": 300, "top_k": 200},
        }
    }
)


class Moved:
    """Collects moved classes."""

    def __init__(self) -> None:
        self.means = np.full((WORKLOAD.classes, WORKLOAD.dim), np.nan, np.float32)
        self.covariances = np.full((WORKLOAD.classes, WORKLOAD.dim, WORKLOAD.dim), np.nan, np.float32)

    def write(self, index, mean, covariance) -> None:
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()


def relative(got, expected) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    dim = WORKLOAD.dim
    before = (rng.standard_normal((WORKLOAD.pairs, dim)) + rng.standard_normal(dim)).astype(np.float32)
    after = (before + 0.3 * np.tanh(before @ rng.standard_normal((dim, dim)) / dim**0.5)).astype(np.float32)
    roots = rng.standard_normal((WORKLOAD.classes, dim, 2 * dim))
    covariances = (roots @ roots.transpose(0, 2, 1) / (2 * dim)).astype(np.float32)
    covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
    means = rng.standard_normal((WORKLOAD.classes, dim)).astype(np.float32)
    ids = np.arange(WORKLOAD.classes)
    noises = {
        name: GivenNoise(rng.standard_normal((registry.samples_of(name, CONFIG), dim)).astype(np.float32))
        for name in ("weaknonlinear", "attention")
    }
    return ArrayPairs(before, after), ClassState.from_arrays(ids, ids + 5, means, covariances), noises


def fit(name, pairs, device, option):
    return registry.load(name, CONFIG).fit(RunContext(torch.device(device)), pairs, option)


def move(transition, state, device, option, noise) -> Moved:
    moved = Moved()
    with transition.mover(RunContext(torch.device(device)), option, noise) as mover:
        for start in range(0, WORKLOAD.classes, mover.batch_classes):
            mover.move(range(start, min(start + mover.batch_classes, WORKLOAD.classes)), state, moved)
    return moved


@pytest.mark.parametrize("name", ["linear", "weaknonlinear"])
def test_every_option_gives_the_results_of_the_cpu_in_the_planned_memory(name: str, data) -> None:
    pairs, state, noises = data
    tolerance = 1e-6 if name == "linear" else 1e-4  # training amplifies rounding
    on_cpu = fit(name, pairs, "cpu", registry.fit_options(name, WORKLOAD, CONFIG, CPU_PROFILE)[-1])
    option = registry.move_options(name, WORKLOAD, CONFIG, CPU_PROFILE)[-1]
    expected = move(on_cpu, state, "cpu", option, noises.get(name))
    fitted = [fit(name, pairs, "cuda", option) for option in registry.fit_options(name, WORKLOAD, CONFIG, CUDA_PROFILE)]
    moves = registry.move_options(name, WORKLOAD, CONFIG, CUDA_PROFILE)
    for transition, option in zip(
        [*fitted, *[fitted[0]] * len(moves)], [*moves[:1] * len(fitted), *moves], strict=True
    ):
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        moved = move(transition, state, "cuda", option, noises.get(name))
        planned = option.footprint.peak_bytes(CUDA_PROFILE.rounding_bytes)
        assert planned <= torch.cuda.max_memory_allocated() - before <= planned + 64 * 1024**2  # library workspaces
        assert relative(moved.means, expected.means) < tolerance
        assert relative(moved.covariances, expected.covariances) < tolerance


def test_a_recorded_step_trains_the_same_network_as_an_eager_one(data, monkeypatch) -> None:
    option = registry.fit_options("weaknonlinear", WORKLOAD, CONFIG, CUDA_PROFILE)[-1]
    recorded = fit("weaknonlinear", data[0], "cuda", option)
    monkeypatch.setattr(training, "GraphedStep", lambda step, device, report, **_: step)
    eager = fit("weaknonlinear", data[0], "cuda", option)
    assert torch.equal(recorded.weights, eager.weights)
    assert torch.equal(recorded.gates, eager.gates)


def test_a_step_that_cannot_be_recorded_runs_as_it_is_and_leaves_the_pool_in_order() -> None:
    total = torch.zeros((), device="cuda")

    def step() -> None:
        total.add_(1)
        total.item()  # waits for the device: not allowed in a graph

    reasons: list[str] = []
    graphed = GraphedStep(step, torch.device("cuda"), reasons.append)
    for _ in range(6):
        graphed()
    assert len(reasons) == 1
    assert total.item() == 6
    torch.empty(2**28, dtype=torch.uint8, device="cuda")
    before = torch.cuda.memory_reserved()
    torch.cuda.empty_cache()
    assert torch.cuda.memory_reserved() <= before - 2**28


def test_a_recorded_step_counts_every_call() -> None:
    total = torch.zeros((), device="cuda")
    reasons: list[str] = []
    graphed = GraphedStep(lambda: total.add_(1), torch.device("cuda"), reasons.append)
    for _ in range(6):
        graphed()
    assert reasons == []
    assert total.item() == 6


def run_seed(config, pairs, state, noises, writers) -> None:
    draws = Draws(partial(initial_weights, 0), partial(batch_indices, 0), partial(random_features, 0, gamma=5.0))
    ctx, states = RunContext(torch.device("cuda")), dict.fromkeys(writers, state)
    run_baseline(ctx, pairs, states, config, writers=writers, noises=noises, draws=draws)


def test_the_baseline_gives_the_results_of_the_optimised_engine(data) -> None:
    pairs, state, noises = data
    moved = {name: Moved() for name in CONFIG.operators.names}
    run_seed(CONFIG, pairs, state, noises, moved)
    for name in ("linear", "attention"):
        on_cpu = fit(name, pairs, "cpu", registry.fit_options(name, WORKLOAD, CONFIG, CPU_PROFILE)[-1])
        option = registry.move_options(name, WORKLOAD, CONFIG, CPU_PROFILE)[-1]
        expected = move(on_cpu, state, "cpu", option, noises.get(name))
        assert relative(moved[name].means, expected.means) < 1e-5
        assert relative(moved[name].covariances, expected.covariances) < 1e-4


@pytest.mark.skipif(
    torch.cuda.is_available() and torch.cuda.mem_get_info()[0] < 20 * 1024**3, reason="needs 20 GiB on the device"
)
def test_the_baseline_takes_the_sixteen_gigabytes_that_are_predicted() -> None:
    """In a process of its own, whose pool takes its segments along."""
    workload = Workload(41_000, 768, 1)
    config = CONFIG.merged(
        {
            "source": {"kind": "synthetic", "pairs": workload.pairs, "dim": workload.dim, "classes": workload.classes},
            "operators": {"names": ["attention"], "attention": {"samples": 256, "top_k": 2000}},
            "run": {"engine": "baseline", "device": "cuda"},
        }
    )
    figures, _ = run_whole(config, CancelToken())
    assert figures.failure == ""
    assert figures.peak_allocated_bytes == pytest.approx(predicted_peak(workload, config, CUDA_PROFILE), rel=0.03)


@pytest.mark.parametrize("name", ["weaknonlinear", "attention"])
def test_the_sample_loop_is_recorded_once_and_replayed_with_the_same_result(name: str, data, monkeypatch) -> None:
    pairs, state, noises = data
    transition = fit(name, pairs, "cuda", registry.fit_options(name, WORKLOAD, CONFIG, CUDA_PROFILE)[-1])
    options = [o for o in registry.move_options(name, WORKLOAD, CONFIG, CUDA_PROFILE) if _records(o)][::7]
    original, replayed = recordings.Recordings.run, []

    def run(self, classes, loop, transform):
        original(self, classes, loop, transform)
        exact = transform.doubt is None or transform.doubt.item() == 0
        replayed.append(exact and self._steps[classes]._graph is not None)

    monkeypatch.setattr(recordings.Recordings, "run", run)
    for option in options:
        replayed.clear()
        got = move(transition, state, "cuda", option, noises[name])
        assert any(replayed), option.choice
        with monkeypatch.context() as patch:
            patch.setattr(recordings, "MOST_FLOP", 0.0)
            eager = move(transition, state, "cuda", option, noises[name])
        assert relative(got.means, eager.means) < 1e-6, option.choice
        assert relative(got.covariances, eager.covariances) < 1e-6, option.choice


def _records(option) -> bool:
    """One class at a time, so that the second of five already replays."""
    choice = option.choice
    batch = getattr(choice, "batch", None) or getattr(choice, "classes", 0)
    return batch == 1 and (getattr(choice, "resident", True) or getattr(choice, "pinned", True))
