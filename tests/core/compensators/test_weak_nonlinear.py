"""The weak-nonlinear operator against golden vectors, autograd in float64 and its own plan."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from slora_core.cancel import CancelToken
from slora_core.compensators.weak_nonlinear.draws import IndexStream, batch_indices, initial_weights
from slora_core.compensators.weak_nonlinear.operator import WeakNonlinearCompensator, WeakNonlinearTransition
from slora_core.compensators.weak_nonlinear.plan import WeakFitChoice, fit_footprint, fit_options, move_options
from slora_core.compensators.weak_nonlinear.step import TrainingStep
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE, DeviceProfile
from slora_core.memory.ledger import Ledger
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import GivenNoise
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.types import Workload

GOLDEN = Path(__file__).parents[2] / "golden"


class Moved:
    """Collects moved classes."""

    def __init__(self, classes: int, dim: int) -> None:
        self.means = np.full((classes, dim), np.nan, np.float32)
        self.covariances = np.full((classes, dim, dim), np.nan, np.float32)

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()


def context() -> RunContext:
    return RunContext(torch.device("cpu"))


def configured(**weak: float) -> RunConfig:
    return RunConfig().merged({"operators": {"weaknonlinear": weak}})


def relative(got: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def some_pairs(count: int, dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(count + dim)
    before = rng.standard_normal((count, dim)) + 1
    after = before + 0.5 * np.tanh(before @ rng.standard_normal((dim, dim)) / dim**0.5) + 0.2
    return before.astype(np.float32), after.astype(np.float32)


def some_state(classes: int, dim: int) -> ClassState:
    rng = np.random.default_rng(classes)
    roots = rng.standard_normal((classes, dim, 3 * dim))
    covariances = (roots @ roots.transpose(0, 2, 1) / (3 * dim)).astype(np.float32)
    covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
    means = rng.standard_normal((classes, dim)).astype(np.float32)
    return ClassState.from_arrays(np.arange(classes), np.full(classes, 9), means, covariances)


def some_network(dim: int, config: RunConfig) -> WeakNonlinearTransition:
    weights = torch.randn(3, dim, dim, generator=torch.Generator().manual_seed(1)) / dim**0.5
    return WeakNonlinearTransition.from_weights(
        *weights, alphas=torch.tensor([0.7, -0.4]), log_scale=-0.3, config=config
    )


def move_all(transition, state, option, noise, order=None) -> Moved:
    classes = len(state.class_ids)
    moved = Moved(classes, state.dim)
    order = list(range(classes)) if order is None else order
    with transition.mover(context(), option, noise) as mover:
        for start in range(0, classes, mover.batch_classes):
            mover.move(order[start : start + mover.batch_classes], state, moved)
    return moved


def oracle_move(transition, state, eps, reg):
    """METHOD: chol(Sigma + reg I), samples, f, moments; one class at a time in float64."""
    linear, inner, outer = (weight.double().numpy() for weight in transition.weights)
    alpha1, alpha2, log_scale = transition.gates.tolist()
    exponents = np.exp(np.array([alpha1, alpha2]) / np.exp(log_scale))
    a1, a2 = exponents / exponents.sum()
    means, covariances = [], []
    for mean, covariance in zip(state.means.astype(float), state.covariances.astype(float), strict=True):
        x = mean + eps.astype(float) @ np.linalg.cholesky(covariance + reg * np.eye(state.dim)).T
        moved = a1 * x @ linear.T + a2 * np.maximum(x @ inner.T, 0) @ outer.T
        means.append(moved.mean(0))
        covariances.append(np.cov(moved.T))
    return np.stack(means), np.stack(covariances)


def loss_of(weights: list[Tensor], gates: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """METHOD, section 3, word for word."""
    linear, inner, outer = weights
    a = torch.softmax(gates[:2] / torch.exp(gates[2]), dim=0)
    moved = a[0] * x @ linear.T + a[1] * torch.relu(x @ inner.T) @ outer.T
    return ((moved - y) ** 2).mean() + 0.5 * (torch.softmax(gates[:2], dim=0)[0] - 1) ** 2


def oracle_fit(before, after, config: RunConfig) -> tuple[list[Tensor], Tensor]:
    """A plain float64 training loop on autograd, AdamW and the cosine written out."""
    weak, seed = config.operators.weaknonlinear, config.run.seed
    x_all, y_all = torch.from_numpy(before).double(), torch.from_numpy(after).double()
    weights = [weight.double().requires_grad_() for weight in initial_weights(seed, before.shape[1])]
    gates = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    parameters = [*weights, gates]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    indices = batch_indices(seed, weak.steps, weak.batch, len(before))
    for step, index in enumerate(indices):
        low = weak.learning_rate / 3
        rate = low + (weak.learning_rate - low) * (1 + math.cos(math.pi * step / weak.steps)) / 2
        slopes = torch.autograd.grad(loss_of(weights, gates, x_all[index], y_all[index]), parameters)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, slopes, first, second, strict=True):
                p.mul_(1 - rate * weak.weight_decay)
                m.mul_(0.9).add_(0.1 * g)
                v.mul_(0.999).add_(0.001 * g * g)
                m_hat, v_hat = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                p.sub_(rate * m_hat / (v_hat.sqrt() + 1e-8))
    return [weight.detach() for weight in weights], gates.detach()


@pytest.mark.parametrize("name", ["a", "b"])
def test_golden_vectors_are_reproduced(name: str) -> None:
    golden = np.load(GOLDEN / f"golden_public_{name}.npz")
    meta = json.loads(bytes(golden["meta"]))
    config = RunConfig().merged(
        {
            "operators": {
                "cholesky_reg": meta["cholesky_reg"],
                "weaknonlinear": {"samples": meta["weak_samples"]},
            }
        }
    )
    names = ("weak_fc1_weight", "weak_fc2_0_weight", "weak_fc2_2_weight")
    transition = WeakNonlinearTransition.from_weights(
        *(torch.from_numpy(golden[key]) for key in names),
        alphas=torch.from_numpy(golden["weak_alphas"]),
        log_scale=torch.from_numpy(golden["weak_log_scale"]),
        config=config,
    )
    state = ClassState.from_arrays(
        np.arange(meta["C"]), np.full(meta["C"], 9), golden["class_mean"], golden["class_cov"]
    )
    for option in move_options(Workload(meta["N"], meta["d"], meta["C"]), config, CPU_PROFILE):
        moved = move_all(transition, state, option, GivenNoise(golden["weak_noise"]))
        assert relative(moved.means, golden["weak_mean"]) < 2e-6
        assert relative(moved.covariances, golden["weak_cov"]) < 2e-6


@pytest.mark.parametrize("gates", [(1.0, 0.0, 0.0), (0.3, 0.9, -0.6), (6.0, -4.0, 0.5)])
@pytest.mark.parametrize(
    ("dim", "profile", "parts"),
    [(20, CPU_PROFILE, 1), (20, CUDA_PROFILE, 1), (96, CUDA_PROFILE, 2), (256, CUDA_PROFILE, 8)],
)
def test_gradients_are_those_of_autograd_in_float64(
    gates: tuple[float, ...], dim: int, profile: DeviceProfile, parts: int
) -> None:
    """Also with the buffers that a card is given, in which sums are taken in parts."""
    batch = 16
    before, after = some_pairs(batch, dim)
    config = RunConfig().operators.weaknonlinear
    footprint = fit_footprint(WeakFitChoice(1), batch, Workload(batch, dim, 1), profile)
    assert [b.shape[0] for b in footprint.standing if b.name == "partial_sums"] == [parts][: parts > 1]
    with Workspace(footprint, torch.device("cpu")) as space:
        space["weights"].copy_(torch.randn(3, dim, dim, generator=torch.Generator().manual_seed(2)) / 3)
        space["gates"].copy_(torch.tensor(gates))
        weights = [weight.double().requires_grad_() for weight in space["weights"]]
        exact_gates = space["gates"].double().requires_grad_()
        loss = loss_of(weights, exact_gates, torch.from_numpy(before).double(), torch.from_numpy(after).double())
        slopes = torch.autograd.grad(loss, [*weights, exact_gates])
        TrainingStep(space, config).differentiate(torch.from_numpy(before), torch.from_numpy(after))
        for number in range(3):
            assert relative(space["gradient"][number].numpy(), slopes[number].numpy()) < 1e-6
        assert relative(space["gate_gradient"].numpy(), slopes[3].numpy()) < 1e-5


def test_moments_of_units_that_learn_no_more_are_forgotten_before_they_are_denormal() -> None:
    footprint = fit_footprint(WeakFitChoice(1), 4, Workload(9, 5, 1), CPU_PROFILE)
    with Workspace(footprint, torch.device("cpu")) as space:
        step = TrainingStep(space, RunConfig().operators.weaknonlinear)
        moment = space["first_moment"].view(-1)
        moment[:4] = torch.tensor([9e-31, -9e-31, -2e-30, float("nan")])
        step.forget_faint_moments()
        assert moment[:3].tolist() == [0, 0, torch.tensor(-2e-30).item()]
        assert moment[3].isnan()


def test_no_moment_is_denormal_after_hundreds_of_steps_without_a_slope(monkeypatch) -> None:
    """Rows of zeros have no slope in any weight."""
    moments = []
    original = TrainingStep.__call__

    def watched(self, x, y, learning_rate):
        original(self, x if len(moments) < 100 else torch.zeros_like(x), y, learning_rate)
        moments.append(self._optimizer._first_moment.clone())

    monkeypatch.setattr(TrainingStep, "__call__", watched)
    config = configured(steps=1500, batch=4)
    option = fit_options(Workload(30, 6, 1), config, CPU_PROFILE)[-1]
    WeakNonlinearCompensator(config).fit(context(), ArrayPairs(*some_pairs(30, 6)), option)
    tiny = torch.finfo(torch.float32).tiny
    assert all(((moment == 0) | (moment.abs() >= tiny)).all() for moment in moments)
    assert ((moments[99] != 0) & (moments[-1] == 0)).any()


def test_the_fit_is_that_of_a_plain_float64_loop() -> None:
    before, after = some_pairs(200, 12)
    config = configured(steps=150, batch=16, learning_rate=3e-3, weight_decay=1e-2).merged({"run": {"seed": 5}})
    option = fit_options(Workload(200, 12, 1), config, CPU_PROFILE)[0]
    transition = WeakNonlinearCompensator(config).fit(context(), ArrayPairs(before, after), option)
    weights, gates = oracle_fit(before, after, config)
    assert relative(transition.weights.numpy(), torch.stack(weights).numpy()) < 1e-5
    assert relative(transition.gates.numpy(), gates.numpy()) < 1e-5
    assert (transition.gates - torch.tensor([1.0, 0.0, 0.0])).abs().min() > 1e-3


def test_the_fitted_network_is_the_same_bit_by_bit_whatever_the_option() -> None:
    source = ArrayPairs(*some_pairs(300, 9))
    config = configured(steps=70)
    options = fit_options(Workload(300, 9, 1), config, CPU_PROFILE)
    assert [option.choice.block_steps for option in options] == [1, 8, 64]
    fitted = [WeakNonlinearCompensator(config).fit(context(), source, option) for option in options]
    for other in fitted[1:]:
        assert torch.equal(other.weights, fitted[0].weights)
        assert torch.equal(other.gates, fitted[0].gates)
    reseeded = config.merged({"run": {"seed": 1}})
    other = WeakNonlinearCompensator(reseeded).fit(context(), source, options[0])
    assert relative(other.weights.numpy(), fitted[0].weights.numpy()) > 1e-2


def test_the_steps_that_a_card_takes_together_are_those_of_one_by_one() -> None:
    """Also the last of them, which are fewer. On a CPU, with the buffers of a card."""
    source = ArrayPairs(*some_pairs(300, 9))
    config = configured(steps=70)
    single = fit_options(Workload(300, 9, 1), config, CPU_PROFILE)[0]
    expected = WeakNonlinearCompensator(config).fit(context(), source, single)
    options = fit_options(Workload(300, 9, 1), config, CUDA_PROFILE)
    together = {option.choice: {b.name: b.shape for b in option.footprint.standing}["x"][0] for option in options}
    assert set(together.values()) == {1, 4}
    for option in options:
        if not option.choice.resident:
            fitted = WeakNonlinearCompensator(config).fit(context(), source, option)
            assert torch.equal(fitted.weights, expected.weights), option.choice
            assert torch.equal(fitted.gates, expected.gates), option.choice


def test_every_way_to_move_agrees_with_the_float64_oracle() -> None:
    dim, classes, samples = 10, 9, 90
    config, state = configured(samples=samples), some_state(classes, dim)
    eps = np.random.default_rng(3).standard_normal((samples, dim)).astype(np.float32)
    transition = some_network(dim, config)
    means, covariances = oracle_move(transition, state, eps, config.operators.cholesky_reg)
    workload = Workload(2, dim, classes)
    options = move_options(workload, config, CPU_PROFILE) + move_options(workload, config, CUDA_PROFILE)
    assert {option.choice.classes for option in options} > {1, 4}
    for option in options:
        order = list(np.random.default_rng(option.choice.chunk).permutation(classes))
        moved = move_all(transition, state, option, GivenNoise(eps), order)
        assert relative(moved.means, means) < 1e-6
        assert relative(moved.covariances, covariances) < 1e-6


def test_without_weak_chunks_all_samples_of_a_class_move_at_once() -> None:
    config = configured(samples=700).merged({"measures": {"weak_chunks": False}})
    (option,) = move_options(Workload(2, 768, 5), config, CPU_PROFILE)
    assert (option.choice.classes, option.choice.chunk) == (1, 700)
    chunks = [o.choice.chunk for o in move_options(Workload(2, 768, 5), configured(samples=5000), CPU_PROFILE)]
    assert max(chunks) < 2000  # so that a cancel is answered in time


@pytest.mark.parametrize("dim", [5, 32])
def test_the_ledger_sees_exactly_what_was_planned(dim: int) -> None:
    config = configured(steps=20, samples=64)
    source, state = ArrayPairs(*some_pairs(50, dim)), some_state(5, dim)
    noise = GivenNoise(np.random.default_rng(4).standard_normal((64, dim)).astype(np.float32))
    workload = Workload(50, dim, 5)
    for fit in fit_options(workload, config, CPU_PROFILE):
        with Ledger() as ledger:
            transition = WeakNonlinearCompensator(config).fit(context(), source, fit)
            assert ledger.peak_bytes == fit.footprint.peak_bytes()
            assert ledger.live_bytes == fit.footprint.totals()[1]
            for move in move_options(workload, config, CPU_PROFILE):
                ledger.push_peak()
                move_all(transition, state, move, noise)
                assert ledger.pop_peak() == ledger.live_bytes + move.footprint.peak_bytes()
            transition.close()
            assert ledger.live_bytes == 0


def test_weights_start_like_default_linear_layers() -> None:
    linear, inner, outer = initial_weights(7, 13)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        layers = [nn.Linear(13, 13, bias=False).weight.detach() for _ in range(2)]
    assert torch.equal(linear, torch.eye(13))
    assert torch.equal(inner, layers[0])
    assert torch.equal(outer, layers[1])


def test_batches_are_the_same_however_they_are_read() -> None:
    whole = batch_indices(3, 40, 7, 1797)
    stream, parts = IndexStream(3, 1797), []
    for steps in (1, 2, 30, 7):
        parts.append(np.empty((steps, 7), np.int64))
        stream.fill(parts[-1])
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole.min() >= 0
    assert whole.max() < 1797
    assert len(np.unique(batch_indices(0, 10, 64, 5))) == 5
    assert not np.array_equal(batch_indices(4, 40, 7, 1797), whole)


def test_no_option_grows_with_the_steps() -> None:
    for profile in (CPU_PROFILE, CUDA_PROFILE):
        few, many = (fit_options(Workload(900, 8, 1), configured(steps=steps), profile) for steps in (4000, 10**8))
        assert [option.footprint for option in few] == [option.footprint for option in many]


def test_no_option_is_larger_than_the_work() -> None:
    choice = move_options(Workload(2, 4, 8), configured(samples=40), CPU_PROFILE)[-1].choice
    assert (choice.classes, choice.chunk) == (4, 40)
    fit = fit_options(Workload(2, 4, 8), configured(steps=5), CPU_PROFILE)
    assert [option.choice.block_steps for option in fit] == [1, 5]


def test_given_weights_of_wrong_shape_are_named() -> None:
    square, alphas = torch.zeros(4, 4), torch.zeros(2)
    with pytest.raises(InputError, match=r"weight B2 has shape \(4, 3\): expected \[4, 4\]"):
        WeakNonlinearTransition.from_weights(
            square, square, torch.zeros(4, 3), alphas=alphas, log_scale=0.0, config=RunConfig()
        )
    with pytest.raises(InputError, match=r"alphas have shape \(3,\)"):
        WeakNonlinearTransition.from_weights(
            square, square, square, alphas=torch.zeros(3), log_scale=0.0, config=RunConfig()
        )


def test_a_cancel_is_noticed_within_a_block_of_steps() -> None:
    token = CancelToken()
    gathered = []

    class Watched(ArrayPairs):
        def gather(self, index, before, after):
            gathered.append(len(index))
            token.cancel()
            super().gather(index, before, after)

    config = configured(steps=64)
    option = fit_options(Workload(50, 4, 1), config, CPU_PROFILE)[-1]
    with pytest.raises(RunCancelled):
        WeakNonlinearCompensator(config).fit(
            RunContext(torch.device("cpu"), cancel=token), Watched(*some_pairs(50, 4)), option
        )
    assert gathered == [64 * 64, 64 * 64]  # before and after of the first block, and no step of it
