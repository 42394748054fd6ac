"""The seed implementation: right results, its five memory sources, and a closed form for its peak."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from slora_core.baseline.draws import Draws
from slora_core.baseline.engine import run_baseline
from slora_core.baseline.plan import predicted_peak
from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.rff.draws import random_features
from slora_core.compensators.weak_nonlinear.draws import batch_indices, initial_weights
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import NumericalError, RunCancelled
from slora_core.events import Progress, StageFinished
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.numerics.noise import GivenNoise
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.types import OPERATORS, Workload

GOLDEN = Path(__file__).parents[2] / "golden"
CACHE_BYTES = 50_000 * 4


class Moved:
    """Collects moved classes; ``after`` runs after each."""

    def __init__(self, state: ClassState, after=lambda: None) -> None:
        self.means = np.full_like(state.means, np.nan)
        self.covariances = np.full_like(state.covariances, np.nan)
        self._after = after

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()
        self._after()


class Shapes(TorchDispatchMode):
    """The shape of every result of every operation, by operation name."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, tuple[int, ...]]] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.seen.add((func.overloadpacket.__name__, tuple(result.shape)))
        return result


DRAWS = Draws(partial(initial_weights, 0), partial(batch_indices, 0), partial(random_features, 0, gamma=5.0))


def configured(names: tuple[str, ...] = OPERATORS, **operators: Mapping[str, object]) -> RunConfig:
    small = {
        "weaknonlinear": {"steps": 40, "samples": 300, "batch": 16},
        "attention": {"samples": 150, "top_k": 30},
        "rff": {"samples": 150, "features": 64},
    }
    sections = {name: {**section, **operators.get(name, {})} for name, section in small.items()}
    return RunConfig().merged({"operators": {"names": list(names), **sections}})


def workload_data(pairs: int, dim: int, classes: int) -> tuple[ArrayPairs, ClassState]:
    rng = np.random.default_rng(pairs)
    before = rng.standard_normal((pairs, dim)) + rng.standard_normal(dim)
    after = before + 0.3 * np.tanh(before @ rng.standard_normal((dim, dim)) / dim**0.5)
    roots = rng.standard_normal((classes, dim, 2 * dim))
    covariances = roots @ roots.transpose(0, 2, 1) / (2 * dim)
    covariances = ((covariances + covariances.transpose(0, 2, 1)) / 2).astype(np.float32)
    means = rng.standard_normal((classes, dim)).astype(np.float32)
    state = ClassState.from_arrays(np.arange(classes) + 10, np.full(classes, 9), means, covariances)
    return ArrayPairs(before.astype(np.float32), after.astype(np.float32)), state


def noises_for(config: RunConfig, dim: int) -> dict[str, GivenNoise]:
    rng = np.random.default_rng(1)
    samples = {name: registry.samples_of(name, config) for name in OPERATORS}
    return {n: GivenNoise(rng.standard_normal((s, dim)).astype(np.float32)) for n, s in samples.items() if s}


def run(config, pairs, state, *, ctx=None, noises=None, after=lambda: None):
    moved = {name: Moved(state, after) for name in config.operators.names}
    ctx = ctx or RunContext(torch.device("cpu"))
    noises = noises or noises_for(config, state.dim)
    states = dict.fromkeys(config.operators.names, state)
    return moved, run_baseline(ctx, pairs, states, config, writers=moved, noises=noises, draws=DRAWS)


def relative(got, expected) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def oracle_moments(state: ClassState, config: RunConfig, name: str, transform):
    """Samples through ``transform`` in float64, blended with the old statistics."""
    settings = getattr(config.operators, name)
    eps = np.empty((settings.samples, state.dim), np.float32)
    noises_for(config, state.dim)[name].read(0, 0, settings.samples, torch.from_numpy(eps))
    share, results = settings.covariance_blend, []
    for mean, covariance in zip(state.means.astype(float), state.covariances.astype(float), strict=True):
        moved = transform(mean + eps @ np.linalg.cholesky(covariance + 1e-4 * np.eye(state.dim)).T)
        mixed = (1 - settings.mean_mixing) * moved.mean(0) + settings.mean_mixing * mean
        results.append((mixed, (1 - share) * np.cov(moved.T) + share * covariance))
    return tuple(np.stack(part) for part in zip(*results, strict=True))


def unit_rows(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def features_of(pairs: ArrayPairs):
    before, after = torch.empty(2, pairs.count, pairs.dim)
    pairs.read(0, pairs.count, before, after)
    return before.double().numpy(), after.double().numpy()


@pytest.mark.parametrize("name", ["a", "b"])
def test_golden_vectors_are_reproduced(name: str) -> None:
    golden = np.load(GOLDEN / f"golden_public_{name}.npz")
    meta = json.loads(bytes(golden["meta"]))
    attention = {"samples": meta["attention_samples"], "top_k": meta["top_k"]}
    config = configured(("linear", "attention"), attention=attention).merged(
        {"operators": {"cholesky_reg": meta["cholesky_reg"]}}
    )
    pairs = ArrayPairs(golden["features_before"], golden["features_after"])
    ids = np.arange(meta["C"])
    state = ClassState.from_arrays(ids, ids + 5, golden["class_mean"], golden["class_cov"])
    noises = {"attention": GivenNoise(golden["attention_noise"])}
    moved, _ = run(config, pairs, state, noises=noises)
    for operator in ("linear", "attention"):
        assert relative(moved[operator].means, golden[f"{operator}_mean"]) < 1e-5
        assert relative(moved[operator].covariances, golden[f"{operator}_cov"]) < 1e-5
    mean_only, _ = run(
        config.merged({"operators": {"names": ["attention"], "attention": {"mean_only": True}}}), pairs, state
    )
    assert relative(mean_only["attention"].means, golden["attention_mean_only"]) < 1e-5
    assert np.array_equal(mean_only["attention"].covariances, state.covariances)


@pytest.mark.parametrize(("pairs", "dim", "classes"), [(400, 16, 3), (30, 24, 2)])
def test_every_operator_agrees_with_the_optimised_engine(pairs: int, dim: int, classes: int) -> None:
    source, state = workload_data(pairs, dim, classes)
    config = configured()
    moved, _ = run(config, source, state)
    workload, ctx = Workload(pairs, dim, classes), RunContext(torch.device("cpu"))
    for name in config.operators.names:
        optimised = Moved(state)
        fit = registry.fit_options(name, workload, config, CPU_PROFILE)[-1]
        move = registry.move_options(name, workload, config, CPU_PROFILE)[0]
        transition = registry.load(name, config).fit(ctx, source, fit)
        with transition.mover(ctx, move, noises_for(config, dim).get(name)) as mover:
            for index in range(classes):
                mover.move([index], state, optimised)
        assert relative(moved[name].means, optimised.means) < 1e-5
        assert relative(moved[name].covariances, optimised.covariances) < 1e-5


def test_attention_agrees_with_a_float64_oracle() -> None:
    source, state = workload_data(200, 12, 3)
    config = configured(("attention",), attention={"mean_mixing": 0.25, "covariance_blend": 0.3, "top_k": 40})
    before, after = features_of(source)

    def attend(queries):
        similarity = unit_rows(queries) @ unit_rows(before).T / 0.05
        for row in similarity:
            row[np.argsort(row)[:-40]] = -np.inf
        weights = np.exp(similarity - similarity.max(axis=1, keepdims=True))
        return queries + weights / weights.sum(axis=1, keepdims=True) @ (after - before)

    means, covariances = oracle_moments(state, config, "attention", attend)
    moved, _ = run(config, source, state)
    assert relative(moved["attention"].means, means) < 1e-5
    assert relative(moved["attention"].covariances, covariances) < 1e-4


def test_random_features_agree_with_a_float64_oracle() -> None:
    source, state = workload_data(200, 12, 3)
    config = configured(("rff",), rff={"mean_mixing": 0.25, "covariance_blend": 0.3})
    before, after = features_of(source)
    frequencies, offsets = (part.double().numpy() for part in DRAWS.random_features(12, 64))

    def phi(rows):
        return (np.cos(unit_rows(rows) @ frequencies.T + offsets) + 1) / np.sqrt(64)

    def attend(queries):
        kernel = phi(queries) @ phi(before).T
        return queries + kernel @ (after - before) / kernel.sum(axis=1, keepdims=True)

    means, covariances = oracle_moments(state, config, "rff", attend)
    moved, _ = run(config, source, state)
    assert relative(moved["rff"].means, means) < 1e-5
    assert relative(moved["rff"].covariances, covariances) < 1e-5


def test_all_five_memory_sources_are_there() -> None:
    count, dim, classes = 100, 8, 3
    source, state = workload_data(count, dim, classes)
    config = configured(("weaknonlinear", "attention"))
    live: list[int] = []
    with Ledger() as ledger, Shapes() as shapes:
        run(config, source, state, after=lambda: live.append(ledger.live_bytes))
    assert ("randn", (50_000, dim)) in shapes.seen
    assert ("cat", (count, dim)) in shapes.seen
    assert ("empty", (16, dim)) in shapes.seen
    assert ("mul", (128, count, dim)) in shapes.seen
    assert ("zeros_like", (128, count)) in shapes.seen
    assert ("cat", (150, dim)) in shapes.seen
    assert ("mm", (300, dim)) in shapes.seen
    square, features = 4 * dim**2, 4 * count * dim
    kept_classes = classes * square * (1 + 1 + 2)  # as given, factors, moved by two operators
    assert live[-1] > 4 * features + CACHE_BYTES * dim + kept_classes + 3 * square
    assert all(later - earlier >= square for earlier, later in pairwise(live[classes:]))


@pytest.mark.parametrize(
    ("names", "workload", "operators"),
    [
        (OPERATORS, Workload(1200, 40, 4), {}),
        (("attention",), Workload(2000, 24, 2), {"attention": {"samples": 300, "top_k": 2000}}),
        (("attention",), Workload(2000, 24, 2), {"attention": {"mean_only": True}}),
        (("linear",), Workload(900, 48, 5), {}),
        (("linear",), Workload(60, 160, 2), {}),
        (("weaknonlinear",), Workload(100, 96, 2), {"weaknonlinear": {"samples": 2000}}),
        (("rff",), Workload(4000, 16, 2), {"rff": {"features": 256}}),
    ],
)
def test_the_peak_is_predicted(names, workload: Workload, operators) -> None:
    source, state = workload_data(workload.pairs, workload.dim, workload.classes)
    config = configured(names, **operators)
    with Ledger() as ledger:
        run(config, source, state)
    assert predicted_peak(workload, config) == pytest.approx(ledger.peak_bytes, rel=0.03)


def test_the_reference_workload_is_predicted_at_its_measured_peak() -> None:
    peak = predicted_peak(Workload(41_000, 768, 100), RunConfig(), CUDA_PROFILE)
    assert peak / 1024**3 == pytest.approx(15.95, rel=0.01)  # allocated on one NVIDIA H200


def test_the_prediction_needs_no_torch() -> None:
    code = "import sys, slora_core.baseline.plan; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stages_carry_the_names_of_the_pipeline_and_count_to_their_end() -> None:
    events: list[object] = []
    source, state = workload_data(60, 6, 3)
    run(configured(), source, state, ctx=RunContext(torch.device("cpu"), emit=events.append))
    finished = [event.stage for event in events if isinstance(event, StageFinished)]
    expected = ["load", *(f"{name}{part}" for name in OPERATORS for part in (".fit", ".move", ""))]
    assert finished == expected
    ends = {e.stage: (e.done, e.total, e.unit) for e in events if isinstance(e, Progress) and e.done == e.total}
    assert ends["load"] == (60, 60, "pairs")
    assert ends["weaknonlinear.fit"] == (40, 40, "steps")
    assert ends["attention.fit"] == (60, 60, "pairs")
    assert ends["rff.move"] == (3, 3, "classes")


def test_jitter_is_recorded_for_the_operators_that_sample() -> None:
    source, state = workload_data(60, 6, 3)
    state.covariances[1] = np.diag([1, 1, 1, 1, 1, -2e-4]).astype(np.float32)
    _, jitter = run(configured(), source, state)
    assert jitter["linear"] == {}
    for name in ("weaknonlinear", "attention", "rff"):
        assert jitter[name] == {1: pytest.approx(1e-3 * 5 / 6, rel=0.01)}
    state.covariances[2] = -np.eye(6, dtype=np.float32)
    with pytest.raises(NumericalError, match="class 12 is not positive definite"):
        run(configured(), source, state)


def test_each_operator_moves_its_own_classes() -> None:
    source, state = workload_data(60, 6, 3)
    _, other = workload_data(61, 6, 2)
    config = configured(("attention", "linear"))
    noises, ctx = noises_for(config, 6), RunContext(torch.device("cpu"))
    moved = {"attention": Moved(other), "linear": Moved(state)}
    run_baseline(ctx, source, {"attention": other, "linear": state}, config, writers=moved, noises=noises, draws=DRAWS)
    alone, _ = run(config, source, state)
    assert np.array_equal(moved["linear"].covariances, alone["linear"].covariances)
    alone, _ = run(config, source, other)
    assert np.array_equal(moved["attention"].covariances, alone["attention"].covariances)


def test_a_cancel_is_noticed_between_chunks() -> None:
    token = CancelToken()
    source, state = workload_data(60, 6, 3)
    with pytest.raises(RunCancelled):
        run(
            configured(("linear",)),
            source,
            state,
            ctx=RunContext(torch.device("cpu"), cancel=token),
            after=token.cancel,
        )
