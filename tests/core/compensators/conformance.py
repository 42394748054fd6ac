"""What every operator has to satisfy, as functions over an ``OperatorCase``; the tests are in ``test_conformance``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import oracles
import torch
from numpy.typing import NDArray

from slora_core.compensators import registry
from slora_core.compensators.base import Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.device import CPU_PROFILE, DeviceProfile
from slora_core.memory.plan import Option
from slora_core.numerics.noise import GivenNoise
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.types import Workload

Moments = tuple[NDArray[np.floating], NDArray[np.floating]]


class Moved:
    """A writer that insists on every class exactly once."""

    def __init__(self, classes: int, dim: int) -> None:
        self.means = np.full((classes, dim), np.nan, np.float32)
        self.covariances = np.full((classes, dim, dim), np.nan, np.float32)
        self.written: list[int] = []

    def write(self, index: int, mean: torch.Tensor, covariance: torch.Tensor) -> None:
        assert index not in self.written
        assert np.array_equal(covariance.numpy(), covariance.numpy().T)
        self.written.append(index)
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()


@dataclass(frozen=True)
class Problem:
    """Pairs, class state and noise of one size."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    state: ClassState
    eps: NDArray[np.float32]
    config: RunConfig

    @property
    def pairs(self) -> ArrayPairs:
        return ArrayPairs(self.before, self.after)

    @property
    def noise(self) -> GivenNoise:
        return GivenNoise(self.eps)

    @property
    def workload(self) -> Workload:
        return Workload(*self.before.shape, len(self.state.class_ids))

    def fit_options(self, name: str) -> tuple[Option, ...]:
        return registry.fit_options(name, self.workload, self.config, CPU_PROFILE)

    def move_options(self, name: str) -> tuple[Option, ...]:
        return registry.move_options(name, self.workload, self.config, CPU_PROFILE)


def make_problem(
    *,
    pairs: int = 150,
    dim: int = 6,
    classes: int = 5,
    samples: int = 40,
    seed: int = 0,
    duplicates: bool = False,
    per_class_noise: bool = False,
    operators: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
) -> Problem:
    """Correlated features away from the origin with a nonlinear drift; ``duplicates`` repeats keys, some rows zero."""
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((pairs, dim)) @ rng.standard_normal((dim, dim)) / dim**0.5 + rng.standard_normal(dim)
    if duplicates:
        before = before[rng.integers(0, max(1, pairs // 4), pairs)]
        before[rng.integers(0, pairs)] = 0
    after = before + 0.3 * np.tanh(before @ rng.standard_normal((dim, dim)) / dim**0.5)
    after += 0.1 * rng.standard_normal((pairs, dim))
    roots = rng.standard_normal((classes, dim, 2 * dim + 1))
    cov = (roots @ roots.transpose(0, 2, 1) / (2 * dim)).astype(np.float32)
    means = before[rng.integers(0, pairs, classes)] + 0.1 * rng.standard_normal((classes, dim))
    state = ClassState.from_arrays(
        100 + np.arange(classes), np.full(classes, 9), means.astype(np.float32), (cov + cov.transpose(0, 2, 1)) / 2
    )
    eps = rng.standard_normal((*([classes] if per_class_noise else []), samples, dim)).astype(np.float32)
    changes: dict[str, Any] = {
        "operators": {
            "weaknonlinear": {"samples": samples, "steps": 12},
            "attention": {"samples": samples},
            "rff": {"samples": samples, "features": 48},
        }
    }
    config = RunConfig().merged(changes).merged({"operators": operators or {}}).merged(source or {})
    return Problem(before.astype(np.float32), after.astype(np.float32), state, eps, config)


def context() -> RunContext:
    return RunContext(torch.device("cpu"))


def fitted(name: str, problem: Problem, option: Option | None = None) -> Transition:
    option = option or problem.fit_options(name)[0]
    return registry.load(name, problem.config).fit(context(), problem.pairs, option)


def moved(
    transition: Transition,
    problem: Problem,
    option: Option,
    order: Sequence[int] | None = None,
    ctx: RunContext | None = None,
) -> Moved:
    """All classes, or those of ``order``, in batches."""
    out = Moved(len(problem.state.class_ids), problem.state.dim)
    order = range(len(problem.state.class_ids)) if order is None else order
    with transition.mover(ctx or context(), option, problem.noise) as mover:
        for start in range(0, len(order), mover.batch_classes):
            mover.move(order[start : start + mover.batch_classes], problem.state, out)
    return out


def deviation(got: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    """Relative Frobenius error, worst class."""
    errors = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(got, expected, strict=True)]
    return float(max(errors))


Expectation = Callable[[Problem, Transition], Moments]


def by_samples(drift_of: Callable[[Problem, Transition], Callable[[Any], Any]], settings: str) -> Expectation:
    """Oracle of a sampling operator: ``drift_of`` returns a function from samples [S, d] to moved samples."""

    def expected(problem: Problem, transition: Transition) -> Moments:
        transform = drift_of(problem, transition)
        section = getattr(problem.config.operators, settings)
        mixing, blend = getattr(section, "mean_mixing", 0.0), getattr(section, "covariance_blend", 0.0)
        means, covariances = [], []
        for index, (mean, cov) in enumerate(zip(problem.state.means, problem.state.covariances, strict=True)):
            eps = problem.eps if problem.eps.ndim == 2 else problem.eps[index]
            rows = transform(oracles.samples_of_class(mean, cov, eps, problem.config.operators.cholesky_reg))
            new_mean, new_cov = oracles.moments(rows)
            means.append((1 - mixing) * new_mean + mixing * mean)
            covariances.append((1 - blend) * new_cov + blend * cov)
        return np.stack(means), np.stack(covariances)

    return expected


def _attention(problem: Problem, _: Transition) -> Callable[[Any], Any]:
    section = problem.config.operators.attention

    def transform(rows: Any) -> Any:
        return np.stack(
            [
                row + oracles.attention_drift(row, problem.before, problem.after, section.top_k, section.temperature)
                for row in rows
            ]
        )

    return transform


def _rff(problem: Problem, transition: Any) -> Callable[[Any], Any]:
    omega, offset = transition.omega.cpu().numpy(), transition.offset.cpu().numpy()
    return lambda rows: rows + oracles.rff_drift(rows, problem.before, problem.after, omega, offset)


def _weak(_: Problem, transition: Any) -> Callable[[Any], Any]:
    weights, gates = [w.double().cpu().numpy() for w in transition.weights], transition.gates.double().cpu().numpy()
    return lambda rows: oracles.weak_network(rows, *weights, gates)


def _linear(problem: Problem, _: Transition) -> Moments:
    section = problem.config.operators.linear
    operator = oracles.linear_operator(problem.before, problem.after, section.gamma, section.mixing_temperature)
    ridge = section.ridge * np.eye(problem.state.dim)
    means = [mean @ operator for mean in problem.state.means]
    return np.stack(means), np.stack([operator.T @ cov @ operator + ridge for cov in problem.state.covariances])


EXPECTATIONS: dict[str, Expectation] = {
    "linear": _linear,
    "weaknonlinear": by_samples(_weak, "weaknonlinear"),
    "attention": by_samples(_attention, "attention"),
    "rff": by_samples(_rff, "rff"),
}


def make_wide_problem() -> Problem:
    """As wide as the features of a ViT-B.

    Of its queries none has keys at the edge of the top k that are nearer than 5e-7 to each other: there float32 may
    select another one than float64.
    """
    operators = {"attention": {"top_k": 200}, "rff": {"features": 256}}
    return make_problem(pairs=900, dim=768, classes=2, samples=160, seed=3, operators=operators)


def deviations_from_oracle(name: str, problem: Problem, device: torch.device, profile: DeviceProfile) -> list[float]:
    """Of mean and covariance, fitted and moved on ``device`` by the fastest and by the leanest option."""
    ctx = RunContext(device)
    fits = registry.fit_options(name, problem.workload, problem.config, profile)
    moves = registry.move_options(name, problem.workload, problem.config, profile)
    found = []
    for fit, move in ((fits[0], min(moves, key=_seconds)), (fits[-1], min(moves, key=_peak))):
        transition = registry.load(name, problem.config).fit(ctx, problem.pairs, fit)
        got = moved(transition, problem, move, ctx=ctx)
        means, covariances = EXPECTATIONS[name](problem, transition)
        found += [deviation(got.means, means), deviation(got.covariances, covariances)]
        transition.close()
    return found


def _seconds(option: Option) -> float:
    return option.seconds


def _peak(option: Option) -> int:
    return option.footprint.peak_bytes()
