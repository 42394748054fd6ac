"""Gaussians pushed by samples: moments of known maps, batches, jitter and refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from conformance import Moved, context, deviation, make_problem
from oracles import moments, samples_of_class

from slora_core import context as context_module
from slora_core.compensators.push import GaussianPush, blend
from slora_core.compensators.push_plan import push_buffers, push_seconds, push_shapes
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, NumericalError
from slora_core.events import Progress
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.ledger import Ledger
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import GivenNoise
from slora_core.statistics.state import ClassState

REG = 1e-4


def pushed(state, eps, transform, *, batch=1, chunk=7, finish=None, device=CPU_PROFILE, ctx=None) -> tuple[Moved, dict]:
    classes, dim, samples = len(state.class_ids), state.dim, eps.shape[-2]
    footprint = Footprint(
        standing=push_buffers(batch=batch, chunk=chunk, dim=dim, device=device, blend=finish is not None)
    )
    out, jitter = Moved(classes, dim), {}
    with Workspace(footprint, torch.device("cpu")) as workspace:
        push = GaussianPush(
            ctx or context(), workspace, batch=batch, chunk=chunk, noise=GivenNoise(eps), reg=REG, samples=samples
        )
        for start in range(0, classes, batch):
            indices = range(classes)[start : start + batch]
            jitter |= push.run(indices, state, transform, finish, out)
    return out, jitter


def square(rows: torch.Tensor) -> None:
    rows.mul_(rows)


def test_classes_under_way_are_told_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_module, "PROGRESS_INTERVAL_S", 0.0)
    problem, events = make_problem(classes=5, samples=40), []
    ctx = RunContext(torch.device("cpu"), emit=events.append)
    with ctx.stage("move", total=5, unit="classes"):
        pushed(problem.state, problem.eps, square, batch=3, chunk=16, ctx=ctx)
    told = [event.under_way for event in events if isinstance(event, Progress)]
    assert told == pytest.approx([1.2, 2.4, 3.0, 3.0, 3.0, 3.0])  # of two classes that nobody has counted as done


@pytest.mark.parametrize("per_class_noise", [False, True])
@pytest.mark.parametrize(("batch", "chunk"), [(1, 1), (1, 40), (2, 13), (5, 40), (3, 64)])
def test_moments_of_the_moved_samples(batch: int, chunk: int, per_class_noise: bool) -> None:
    problem = make_problem(per_class_noise=per_class_noise)
    finish = blend(0.25, 0.1)
    got, jitter = pushed(problem.state, problem.eps, square, batch=batch, chunk=chunk, finish=finish)
    plain, _ = pushed(problem.state, problem.eps, square, batch=batch, chunk=chunk)
    assert jitter == {}
    for index in range(5):
        eps = problem.eps[index] if per_class_noise else problem.eps
        mean, cov = problem.state.means[index], problem.state.covariances[index]
        new_mean, new_cov = moments(samples_of_class(mean, cov, eps, REG) ** 2)
        assert deviation(plain.means[index][None], new_mean[None]) < 1e-6
        assert deviation(plain.covariances[index][None], new_cov[None]) < 1e-6
        assert deviation(got.means[index][None], (0.75 * new_mean + 0.25 * mean)[None]) < 1e-6
        assert deviation(got.covariances[index][None], (0.9 * new_cov + 0.1 * cov)[None]) < 1e-6


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("dim", [6, 100])
def test_a_sample_has_the_same_bits_in_every_chunk_and_batch(dim: int, threads: int) -> None:
    problem = make_problem(dim=dim, classes=3, samples=130)

    def drawn(batch: int, chunk: int) -> np.ndarray:
        seen: list[list[np.ndarray]] = [[] for _ in range(3)]

        def watch(rows: torch.Tensor) -> None:
            classes = rows.numpy().reshape(-1, rows.shape[0] // len(batches[0]), dim)
            for index, samples in zip(batches[0], classes, strict=True):
                seen[index].append(samples.copy())
            left[0] -= classes.shape[1]
            if left[0] == 0:
                batches.pop(0)
                left[0] = 130

        batches, left = [list(range(3))[start : start + batch] for start in range(0, 3, batch)], [130]
        pushed(problem.state, problem.eps, watch, batch=batch, chunk=chunk)
        return np.stack([np.concatenate(parts) for parts in seen])

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        reference = drawn(1, 130)
        for batch, chunk in ((1, 1), (1, 17), (2, 33), (3, 130), (3, 5)):
            np.testing.assert_array_equal(drawn(batch, chunk), reference)
    finally:
        torch.set_num_threads(before)


def test_a_large_mean_does_not_spoil_the_covariance() -> None:
    problem = make_problem(classes=1, samples=500)
    rng = np.random.default_rng(1)
    far = (1000 + rng.standard_normal((1, 6))).astype(np.float32)
    state = ClassState.from_arrays([0], [9], far, problem.state.covariances)
    got, _ = pushed(state, problem.eps, lambda rows: None, chunk=33)
    samples = (problem.eps @ np.linalg.cholesky(state.covariances[0] + REG * np.eye(6)).T.astype(np.float32)) + far
    assert deviation(got.covariances, moments(samples.astype(np.float32))[1][None]) < 1e-4


def test_the_jitter_is_returned_by_class_number() -> None:
    problem = make_problem(classes=4)
    cov = problem.state.covariances.copy()
    cov[2] = np.diag([1, 1, 1, 1, 1, -1e-2]).astype(np.float32)
    state = ClassState.from_arrays([7, 8, 9, 3], [9] * 4, problem.state.means, cov)
    for batch in (1, 3):
        got, jitter = pushed(state, problem.eps, square, batch=batch, finish=blend(0, 0.1))
        assert set(jitter) == {2}
        mean, new_cov = moments(samples_of_class(state.means[2], cov[2], problem.eps, REG + jitter[2]) ** 2)
        assert deviation(got.means[2:3], mean[None]) < 1e-5
        assert deviation(got.covariances[2:3], (0.9 * new_cov + 0.1 * cov[2])[None]) < 1e-5
    cov[1] = np.diag([1, 1, 1, 1, 1, -10.0])
    broken = ClassState.from_arrays([7, 8, 9, 3], [9] * 4, problem.state.means, cov)
    with pytest.raises(NumericalError, match="covariance of class 8 is not"):
        pushed(broken, problem.eps, square, batch=2)


def test_noise_that_does_not_fit_is_refused() -> None:
    problem = make_problem(dim=6, samples=40)
    workspace = Workspace(
        Footprint(standing=push_buffers(batch=1, chunk=8, dim=6, device=CPU_PROFILE)), torch.device("cpu")
    )
    for noise, message in (
        (None, "needs noise"),
        (GivenNoise(problem.eps[:30]), r"noise is \[30, 6\]: expected \[40, 6\]"),
        (GivenNoise(problem.eps[:, :5]), r"noise is \[40, 5\]: expected \[40, 6\]"),
    ):
        with pytest.raises(InputError, match=message):
            GaussianPush(context(), workspace, batch=1, chunk=8, noise=noise, reg=REG, samples=40)


@pytest.mark.parametrize(("batch", "chunk", "blends"), [(1, 3, True), (4, 50, True), (2, 5, False)])
def test_the_push_allocates_its_buffers_and_nothing_else(batch: int, chunk: int, blends: bool) -> None:
    problem = make_problem(dim=11)
    finish = blend(0, 0.1) if blends else None
    buffers = push_buffers(batch=batch, chunk=chunk, dim=11, device=CPU_PROFILE, blend=blends)
    with Ledger() as ledger:
        pushed(problem.state, problem.eps, square, batch=batch, chunk=chunk, finish=finish)
        assert ledger.peak_bytes == Footprint(standing=buffers).peak_bytes()
        assert ledger.live_bytes == 0


def test_shapes_batch_classes_where_it_pays() -> None:
    config = RunConfig()
    shapes = push_shapes(2000, 100, config, CPU_PROFILE)
    assert {batch for chunk, batch in shapes if chunk < 2000} == {1}
    assert (2000, 4) in shapes
    assert {batch for _, batch in push_shapes(2000, 1, config, CPU_PROFILE)} == {1}
    assert any(batch > 1 and chunk < 2000 for chunk, batch in push_shapes(2000, 100, config, CUDA_PROFILE))


def test_pinned_staging_belongs_to_cuda_alone(pinned_bytes: Callable[[Footprint], int]) -> None:
    host = Footprint(standing=push_buffers(batch=2, chunk=5, dim=9, device=CPU_PROFILE))
    card = Footprint(standing=push_buffers(batch=2, chunk=5, dim=9, device=CUDA_PROFILE))
    assert pinned_bytes(host) == 0
    assert pinned_bytes(card) > 0
    assert card.peak_bytes() == sum(buffer.size_bytes() for buffer in card.standing if not buffer.pinned)


def test_seconds_grow_with_the_work() -> None:
    def seconds(**changes: int) -> float:
        sizes = {"samples": 2000, "classes": 20, "batch": 1, "chunk": 256, "dim": 768} | changes
        return push_seconds(**sizes, device=CPU_PROFILE)

    assert seconds(classes=40) == pytest.approx(2 * seconds())
    assert seconds(samples=4000) > 1.5 * seconds()
    assert seconds(chunk=8) > seconds()
