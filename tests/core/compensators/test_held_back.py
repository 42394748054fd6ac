"""Classes that a device moves in doubt: held back, moved again with care, and the same as if it had been asked."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conformance import Moved, context, deviation, make_problem
from oracles import moments, samples_of_class

from slora_core.compensators import class_port
from slora_core.compensators.class_port import ClassPort
from slora_core.compensators.class_port_plan import DOUBTS, WRITE_SLOTS
from slora_core.compensators.mover import OpenMover
from slora_core.compensators.push import GaussianPush, blend
from slora_core.compensators.push_plan import push_buffers
from slora_core.compensators.recordings import RecordableTransform
from slora_core.errors import NumericalError, OutputError
from slora_core.memory.device import CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import GivenNoise
from slora_core.statistics.state import ClassState

REG, CLASSES = 1e-4, 11


class HostWithADevice:
    """The buffers of a card on the host, under the name of a card."""

    def __init__(self, workspace: Workspace) -> None:
        self.device = SimpleNamespace(type="cuda")
        self._workspace = workspace

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._workspace[name]


class Replays:
    """Recordings that cannot record, and so do it again."""

    def __init__(self) -> None:
        self.runs = 0
        self.given_up = False

    def suits(self, transform, rows: int) -> bool:
        return not self.given_up

    def run(self, classes: int, loop, transform) -> None:
        self.runs += 1
        with transform.recording():
            loop()

    def give_up(self) -> None:
        self.given_up = True

    def close(self) -> None:
        return


class Crowded(RecordableTransform):
    """Squares rows; while it is recorded it spoils batches with a sample near the first mean, and has its doubts."""

    def __init__(self, near: np.ndarray) -> None:
        self.doubt = torch.zeros(1)
        self._near = torch.from_numpy(near)
        self._records = False

    def __call__(self, rows: torch.Tensor) -> None:
        crowded = int((torch.linalg.vector_norm(rows - self._near, dim=1) < 20).sum())
        rows.mul_(rows)
        if self._records and crowded:
            rows.mul_(3)
            self.doubt += crowded

    @contextmanager
    def recording(self):
        self._records = True
        yield
        self._records = False


def square(rows: torch.Tensor) -> None:
    rows.mul_(rows)


@pytest.fixture
def no_events(monkeypatch):
    """The host has no device to wait for."""
    waits = SimpleNamespace(record=lambda: None, synchronize=lambda: None)
    monkeypatch.setattr(class_port, "_event", lambda device: waits)


@contextmanager
def opened(problem, *, batch: int, transform=square, finish=None):
    """A push as beside a card, its mover, and its stand-in for recordings."""
    dim, samples = problem.state.dim, problem.eps.shape[-2]
    buffers = push_buffers(
        batch=batch, chunk=16, dim=dim, device=CUDA_PROFILE, samples=samples, blend=finish is not None
    )
    with Workspace(Footprint(standing=buffers), torch.device("cpu")) as workspace:
        push = GaussianPush(
            context(), workspace, batch=batch, chunk=16, noise=GivenNoise(problem.eps), reg=REG, samples=samples
        )
        push._port = ClassPort(HostWithADevice(workspace), batch)
        push._doubts, push._asks_factors, push._recordings = workspace["push_doubts"], False, Replays()
        with OpenMover(batch, lambda b, state, out: push.run(b, state, transform, finish, out), push) as mover:
            yield mover, push._recordings


def walk(problem, out, **options):
    state = problem.state
    with opened(problem, **options) as (mover, recordings):
        batches = [range(CLASSES)[start : start + mover.batch_classes] for start in range(0, CLASSES, options["batch"])]
        mover.expect(batches[0], state)
        for batch, following in zip(batches, [*batches[1:], []], strict=True):
            mover.expect(following, state)
            mover.move(batch, state, out)
    return mover.jitter, recordings


def with_covariances(problem, changes):
    cov = problem.state.covariances.copy()
    for index, diagonal in changes.items():
        cov[index] = np.diag(diagonal).astype(np.float32)
    state = ClassState.from_arrays(problem.state.class_ids, problem.state.counts, problem.state.means, cov)
    return replace(problem, state=state)


def check(out, problem, jitter, finish_blend=0.0) -> None:
    for index in range(CLASSES):
        cov = problem.state.covariances[index]
        samples = samples_of_class(problem.state.means[index], cov, problem.eps, REG + jitter.get(index, 0.0))
        mean, new_cov = moments(samples**2)
        expected = (1 - finish_blend) * new_cov + finish_blend * cov
        assert deviation(out.means[index][None], mean[None]) < 1e-5, index
        assert deviation(out.covariances[index][None], expected[None]) < 1e-5, index


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_a_covariance_that_needs_a_jitter_gets_it_in_the_end(batch: int, no_events) -> None:
    indefinite = [1, 1, 1, 1, 1, -1e-2]
    problem = with_covariances(make_problem(classes=CLASSES), {2: indefinite, 9: indefinite})
    out = Moved(CLASSES, 6)
    jitter, _ = walk(problem, out, batch=batch, finish=blend(0.0, 0.25))
    assert set(jitter) == {2, 9}
    assert sorted(out.written) == list(range(CLASSES))
    check(out, problem, jitter, 0.25)


def test_a_covariance_that_no_jitter_mends_is_named_in_the_end(no_events) -> None:
    problem = with_covariances(make_problem(classes=CLASSES), {4: [1, 1, 1, 1, 1, -10]})
    out = Moved(CLASSES, 6)
    with pytest.raises(NumericalError, match="covariance of class 104 is not"):
        walk(problem, out, batch=2)
    assert 4 not in out.written


def test_samples_in_doubt_are_moved_again_without_a_recording(no_events) -> None:
    problem = make_problem(classes=CLASSES)
    means = problem.state.means.copy()
    means[[3, 7]] += 100
    state = ClassState.from_arrays(problem.state.class_ids, problem.state.counts, means, problem.state.covariances)
    problem, out = replace(problem, state=state), Moved(CLASSES, 6)
    crowded = Crowded(means[3])
    jitter, recordings = walk(problem, out, batch=1, transform=crowded)
    assert jitter == {}
    assert recordings.given_up
    assert recordings.runs >= 4
    check(out, problem, {})


def test_after_a_doubt_the_device_is_asked_at_once(no_events) -> None:
    """Every class needs a jitter: only those that were under way are moved twice."""
    problem = with_covariances(
        make_problem(classes=CLASSES), {index: [1, 1, 1, 1, 1, -1e-2] for index in range(CLASSES)}
    )
    moved = []

    def count(rows: torch.Tensor) -> None:
        moved.append(len(rows))
        square(rows)

    out = Moved(CLASSES, 6)
    jitter, _ = walk(problem, out, batch=1, transform=count)
    assert set(jitter) == set(range(CLASSES))
    assert sum(moved) <= len(problem.eps) * (CLASSES + WRITE_SLOTS + 1)
    check(out, problem, jitter)


def test_a_refused_write_is_raised_before_anything_is_moved_again(no_events) -> None:
    problem = with_covariances(make_problem(classes=CLASSES), {2: [1, 1, 1, 1, 1, -1e-2]})

    class Full(Moved):
        def write(self, index, mean, covariance) -> None:
            if index == 5:
                raise OutputError("no room")
            super().write(index, mean, covariance)

    out = Full(CLASSES, 6)
    with pytest.raises(OutputError, match="no room"):
        walk(problem, out, batch=1)
    assert 2 not in out.written


def test_the_host_is_told_of_every_kind_of_doubt(no_events) -> None:
    problem = make_problem(classes=3)
    buffers = push_buffers(batch=3, chunk=16, dim=6, device=CUDA_PROFILE, samples=40)
    out, values = Moved(3, 6), torch.zeros(3, DOUBTS)
    values[1, 0], values[2, 1] = 4, 0.5
    with Workspace(Footprint(standing=buffers), torch.device("cpu")) as workspace:
        port = ClassPort(HostWithADevice(workspace), 3)
        mean, cov = (torch.from_numpy(a) for a in (problem.state.means, problem.state.covariances))
        port.write(range(3), out, mean, cov, values)
        assert port.held_back() == [1, 2]
        assert port.held_back() == []
        port.write(range(1, 3), out, mean[1:], cov[1:])
        port.close()
    assert sorted(out.written) == [0, 1, 2]
