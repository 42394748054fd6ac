"""The linear operator against the golden vectors, a float64 oracle and its own plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from slora_core.cancel import CancelToken
from slora_core.compensators.linear.operator import LinearCompensator, LinearTransition
from slora_core.compensators.linear.plan import fit_options, move_options
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, NumericalError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.ledger import Ledger
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.types import Workload

GOLDEN = Path(__file__).parents[2] / "golden"


class Moved:
    """Collects moved classes."""

    def __init__(self, classes: int, dim: int) -> None:
        self.means = np.full((classes, dim), np.nan, np.float32)
        self.covariances = np.full((classes, dim, dim), np.nan, np.float32)

    def write(self, index: int, mean: torch.Tensor, covariance: torch.Tensor) -> None:
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()


def context() -> RunContext:
    return RunContext(torch.device("cpu"))


def relative(got: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def class_state(rng: np.random.Generator, classes: int, dim: int) -> ClassState:
    roots = rng.standard_normal((classes, dim, 2 * dim))
    covariances = (roots @ roots.transpose(0, 2, 1) / (2 * dim)).astype(np.float32)
    means = rng.standard_normal((classes, dim)).astype(np.float32)
    covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
    return ClassState.from_arrays(np.arange(classes), np.full(classes, 9), means, covariances)


def drifted(rng: np.random.Generator, pairs: int, dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Correlated rows far from the origin, and a nonlinear drift of them."""
    before = rng.standard_normal((pairs, dim)) @ rng.standard_normal((dim, dim)) / dim**0.5 + rng.standard_normal(dim)
    after = before + 0.3 * np.tanh(before @ rng.standard_normal((dim, dim)) / dim**0.5)
    return before.astype(np.float32), after.astype(np.float32)


def oracle_operator(before, after, gamma=0.1, temperature=1.0):
    """METHOD: normalise, ridge, mix with the identity; float64."""
    x, y = before.astype(np.float64), after.astype(np.float64)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    y /= np.maximum(np.linalg.norm(y, axis=1, keepdims=True), 1e-12)
    count, dim = x.shape
    weight = np.linalg.solve(x.T @ x + gamma * np.eye(dim), x.T @ y)
    mixing = np.exp(-count / (temperature * dim))
    return (1 - mixing) * weight + mixing * np.eye(dim)


def move_all(transition: LinearTransition, state: ClassState, option, order=None) -> Moved:
    classes = len(state.class_ids)
    moved = Moved(classes, state.dim)
    order = list(range(classes)) if order is None else order
    with transition.mover(context(), option, None) as mover:
        for start in range(0, classes, mover.batch_classes):
            mover.move(order[start : start + mover.batch_classes], state, moved)
    assert mover.jitter == {}
    return moved


@pytest.mark.parametrize("name", ["a", "b"])
def test_golden_vectors_are_reproduced(name: str) -> None:
    golden = np.load(GOLDEN / f"golden_public_{name}.npz")
    meta = json.loads(bytes(golden["meta"]))
    config = RunConfig().merged({"operators": {"linear": {"gamma": meta["gamma"], "ridge": meta["linear_cov_ridge"]}}})
    workload = Workload(meta["N"], meta["d"], meta["C"])
    pairs = ArrayPairs(golden["features_before"], golden["features_after"])
    state = ClassState.from_arrays(
        np.arange(meta["C"]), np.full(meta["C"], 9), golden["class_mean"], golden["class_cov"]
    )
    transition = LinearCompensator(config).fit(context(), pairs, fit_options(workload, config, CPU_PROFILE)[-1])
    moved = move_all(transition, state, move_options(workload, config, CPU_PROFILE)[-1])
    assert relative(transition.weight.numpy(), golden["linear_operator"]) < 1e-5
    assert relative(moved.means, golden["linear_mean"]) < 1e-5
    assert relative(moved.covariances, golden["linear_cov"]) < 1e-5


@pytest.mark.parametrize(("pairs", "dim", "classes"), [(300, 24, 5), (20, 48, 3), (2, 1, 1), (65, 7, 4)])
def test_every_option_agrees_with_the_float64_oracle(pairs: int, dim: int, classes: int) -> None:
    rng = np.random.default_rng(pairs)
    before, after = drifted(rng, pairs, dim)
    before[0] = 0  # a zero row stays zero
    state = class_state(rng, classes, dim)
    config = RunConfig()
    workload = Workload(pairs, dim, classes)
    expected = oracle_operator(before, after)
    means = state.means @ expected
    covariances = expected.T @ state.covariances.astype(np.float64) @ expected + 1e-3 * np.eye(dim)
    for fit in fit_options(workload, config, CPU_PROFILE):
        transition = LinearCompensator(config).fit(context(), ArrayPairs(before, after), fit)
        assert relative(transition.weight.numpy(), expected) < 1e-9
    for move in move_options(workload, config, CPU_PROFILE):
        moved = move_all(transition, state, move, order=list(rng.permutation(classes)))
        assert relative(moved.means, means) < 1e-6
        assert relative(moved.covariances, covariances) < 1e-6
        assert np.array_equal(moved.covariances, moved.covariances.transpose(0, 2, 1))


def test_settings_are_used() -> None:
    rng = np.random.default_rng(4)
    before, after = drifted(rng, 40, 8)
    state = class_state(rng, 2, 8)
    config = RunConfig().merged({"operators": {"linear": {"gamma": 2.5, "mixing_temperature": 7.0, "ridge": 0.25}}})
    workload = Workload(40, 8, 2)
    option = fit_options(workload, config, CPU_PROFILE)[0]
    transition = LinearCompensator(config).fit(context(), ArrayPairs(before, after), option)
    weight = oracle_operator(before, after, gamma=2.5, temperature=7.0)
    moved = move_all(transition, state, move_options(workload, config, CPU_PROFILE)[0])
    assert relative(transition.weight.numpy(), weight) < 1e-9
    assert relative(moved.covariances, weight.T @ state.covariances @ weight + 0.25 * np.eye(8)) < 1e-6


@pytest.mark.parametrize(("pairs", "dim", "classes"), [(700, 32, 9), (30, 64, 2)])
def test_the_ledger_sees_exactly_what_was_planned(pairs: int, dim: int, classes: int) -> None:
    rng = np.random.default_rng(5)
    source, state, config = ArrayPairs(*drifted(rng, pairs, dim)), class_state(rng, classes, dim), RunConfig()
    workload = Workload(pairs, dim, classes)
    for fit in fit_options(workload, config, CPU_PROFILE):
        with Ledger() as ledger:
            transition = LinearCompensator(config).fit(context(), source, fit)
            assert ledger.peak_bytes == fit.footprint.peak_bytes()
            assert ledger.live_bytes == fit.footprint.totals()[1]
            for move in move_options(workload, config, CPU_PROFILE):
                ledger.push_peak()
                move_all(transition, state, move)
                assert ledger.pop_peak() == ledger.live_bytes + move.footprint.peak_bytes()
            transition.close()
            assert ledger.live_bytes == 0


def test_policies_are_obeyed() -> None:
    workload = Workload(1000, 16, 12)
    fixed = RunConfig().merged({"memory": {"policy": "fixed", "chunk": 50}})
    assert [o.choice.rows for o in fit_options(workload, fixed, CPU_PROFILE)] == [50]
    batches = [o.choice.classes for o in move_options(workload, fixed, CPU_PROFILE)]
    assert batches == [1, 2, 4, 8, 12]
    assert max(o.choice.rows for o in fit_options(Workload(10**6, 768, 1), RunConfig(), CPU_PROFILE)) < 5000


def test_pinned_staging_is_planned_beside_cuda_only(pinned_bytes: Callable[[Footprint], int]) -> None:
    workload, config = Workload(1000, 16, 4), RunConfig()
    for options in (fit_options, move_options):
        assert all(pinned_bytes(o.footprint) == 0 for o in options(workload, config, CPU_PROFILE))
        assert all(pinned_bytes(o.footprint) > 0 for o in options(workload, config, CUDA_PROFILE))


def test_a_given_operator_moves_classes_as_it_is() -> None:
    rng = np.random.default_rng(6)
    state, weight = class_state(rng, 3, 5), rng.standard_normal((5, 5)).astype(np.float32)
    config = RunConfig()
    transition = LinearTransition.from_weights(torch.from_numpy(weight), config)
    moved = move_all(transition, state, move_options(Workload(2, 5, 3), config, CPU_PROFILE)[-1])
    assert relative(moved.means, state.means @ weight) < 1e-6
    with pytest.raises(InputError, match=r"shape \(5, 4\)"):
        LinearTransition.from_weights(torch.zeros(5, 4), config)


def test_features_that_are_not_numbers_are_refused() -> None:
    before = np.ones((10, 4), np.float32)
    before[3, 2] = np.nan
    option = fit_options(Workload(10, 4, 1), RunConfig(), CPU_PROFILE)[0]
    with pytest.raises(NumericalError, match=r"10 pairs with ridge gamma = 0\.1 is not positive definite"):
        LinearCompensator(RunConfig()).fit(context(), ArrayPairs(before, before), option)


def test_a_cancel_is_noticed_between_chunks() -> None:
    token = CancelToken()
    rows_read = []

    class Watched(ArrayPairs):
        def read(self, start, stop, before, after):
            rows_read.append((start, stop))
            token.cancel()
            super().read(start, stop, before, after)

    pairs = Watched(np.ones((100, 4), np.float32), np.ones((100, 4), np.float32))
    option = fit_options(Workload(100, 4, 1), RunConfig(), CPU_PROFILE)[0]
    with pytest.raises(RunCancelled):
        LinearCompensator(RunConfig()).fit(RunContext(torch.device("cpu"), cancel=token), pairs, option)
    assert set(rows_read) == {(0, 8)}
