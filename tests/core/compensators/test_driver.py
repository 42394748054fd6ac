"""The walk over the classes: retries after a refusal, what is kept, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from conformance import Moved, deviation, fitted, make_problem
from faulty_ledger import FaultyLedger

from slora_core.cancel import CancelToken
from slora_core.compensators.base import Transition
from slora_core.compensators.driver import move_classes
from slora_core.context import RunContext
from slora_core.errors import BudgetExceeded, NumericalError, RunCancelled
from slora_core.events import Event, Notice, Progress
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option
from slora_core.types import OPERATORS

REFUSAL = BudgetExceeded(requested_bytes=3, live_bytes=2, budget_bytes=4)


def option_of(batch: int) -> Option:
    return Option(batch, Footprint(standing=(Buffer("rows", (batch,)),)), float(batch))


def halved(option: Option) -> Option | None:
    return option_of(option.choice // 2) if option.choice > 1 else None


class FakeTransition(Transition):
    """Adds one to the means; refuses, as told, the n-th move or after its n-th write."""

    def __init__(self, *, refuse_moves: Sequence[int] = (), refuse_writes: Sequence[int] = ()) -> None:
        self.expected: list[list[int]] = []
        self.moves: list[list[int]] = []
        self.open = 0
        self.writes = 0
        self.jitter: dict[int, float] = {}
        self._refuse_moves = set(refuse_moves)
        self._refuse_writes = set(refuse_writes)
        self.refusal: Exception = REFUSAL

    @contextmanager
    def mover(self, ctx: RunContext, option: Option, noise: object) -> Iterator[FakeTransition]:
        self.batch_classes = option.choice
        self.open += 1
        yield self
        self.open -= 1

    def expect(self, batch: Sequence[int], state) -> None:
        self.expected.append(list(batch))

    def move(self, batch: Sequence[int], state, out) -> None:
        self.moves.append(list(batch))
        if len(self.moves) in self._refuse_moves:
            raise self.refusal
        for index in batch:
            mean, cov = torch.empty(state.dim), torch.empty(state.dim, state.dim)
            state.read(index, mean, cov)
            out.write(index, mean + 1, cov)
            self.writes += 1
            if self.writes in self._refuse_writes:
                raise self.refusal
        self.jitter |= {index: 0.5 for index in batch if index % 3 == 0}

    def close(self) -> None:
        return


def walked(transition: FakeTransition, classes: Sequence[int], batch: int, shrink=halved):
    problem, events = make_problem(classes=7), []
    ctx = RunContext(torch.device("cpu"), emit=events.append)
    out = Moved(7, problem.state.dim)
    with ctx.stage("move", total=len(classes), unit="classes"):
        jitter = move_classes(ctx, transition, option_of(batch), classes, problem.state, out, None, shrink=shrink)
    for index in classes:
        np.testing.assert_allclose(out.means[index], problem.state.means[index] + 1)
    return out, jitter, events


def retries(events: Sequence[Event]) -> list[Notice]:
    return [event for event in events if isinstance(event, Notice) and event.kind == "retry"]


def test_classes_are_walked_in_batches_of_the_given_order() -> None:
    transition = FakeTransition()
    out, jitter, events = walked(transition, [5, 0, 3, 6, 1], 2)
    assert transition.moves == [[5, 0], [3, 6], [1]]
    assert out.written == [5, 0, 3, 6, 1]
    assert jitter == {0: 0.5, 3: 0.5, 6: 0.5}
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[-1].done, progress[-1].total) == (5, 5)
    assert retries(events) == []


def test_no_class_is_nothing_to_do() -> None:
    transition = FakeTransition()
    _, jitter, _ = walked(transition, [], 4)
    assert (transition.moves, jitter) == ([], {})


@pytest.mark.parametrize("refusal", [REFUSAL, torch.OutOfMemoryError("CUDA out of memory")], ids=["ledger", "device"])
def test_a_refusal_keeps_finished_classes_and_goes_on_smaller(refusal: Exception) -> None:
    transition = FakeTransition(refuse_moves=[2])
    transition.refusal = refusal
    out, jitter, events = walked(transition, range(7), 4)
    assert transition.moves == [[0, 1, 2, 3], [4, 5, 6], [4, 5], [6]]
    assert out.written == list(range(7))
    assert set(jitter) == {0, 3, 6}
    (notice,) = retries(events)
    assert "4 of 7 classes are kept" in notice.message
    assert notice.data["kept"] == 4
    assert notice.data["predicted_bytes"] == 8
    assert notice.data["reason"] == str(refusal)
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[-1].done, progress[-1].total) == (7, 7)


def test_classes_written_before_a_refusal_are_not_written_again() -> None:
    transition = FakeTransition(refuse_writes=[3])
    out, _, events = walked(transition, range(7), 4)
    assert out.written == list(range(7))  # Moved refuses a second write
    assert retries(events)[0].data["kept"] == 3


def test_without_a_smaller_option_the_refusal_is_raised() -> None:
    with pytest.raises(BudgetExceeded) as caught:
        walked(FakeTransition(refuse_moves=[1, 2, 3]), range(7), 4)
    assert caught.value is REFUSAL


def test_other_errors_are_not_retried() -> None:
    transition = FakeTransition(refuse_moves=[2])
    transition.refusal = NumericalError("no")
    with pytest.raises(NumericalError):
        walked(transition, range(7), 2)
    assert transition.moves == [[0, 1], [2, 3]]


def test_a_cancel_is_not_retried() -> None:
    token = CancelToken()
    problem = make_problem(classes=7)
    ctx = RunContext(torch.device("cpu"), cancel=token)
    transition = FakeTransition()

    class Cancelling(Moved):
        def write(self, index: int, mean: torch.Tensor, covariance: torch.Tensor) -> None:
            super().write(index, mean, covariance)
            token.cancel()

    out = Cancelling(7, problem.state.dim)
    with pytest.raises(RunCancelled):
        move_classes(ctx, transition, option_of(2), range(7), problem.state, out, None, shrink=halved)
    assert out.written == [0, 1]


@pytest.mark.parametrize("name", OPERATORS)
def test_a_retry_does_not_change_the_result_and_frees_what_was_refused(name: str) -> None:
    """A real operator under a ledger that refuses once, at every allocation of the move in turn."""
    problem = make_problem(classes=3)
    options = sorted(problem.move_options(name), key=lambda option: -option.footprint.peak_bytes())
    smallest = options[-1]

    def run(fault: int | None) -> tuple[Moved, list[Event], int]:
        events: list[Event] = []
        ctx = RunContext(torch.device("cpu"), emit=events.append)
        out = Moved(3, problem.state.dim)
        transition = fitted(name, problem)
        with FaultyLedger() as ledger:
            if fault is not None:
                ledger.fail_at(fault)
            move_classes(
                ctx,
                transition,
                options[0],
                range(3),
                problem.state,
                out,
                problem.noise,
                shrink=lambda option: smallest if option is options[0] else None,
            )
            assert ledger.live_bytes == 0
            # nothing of the refused attempt is alive during the second
            assert ledger.peak_bytes <= options[0].footprint.peak_bytes()
            allocations = ledger.allocations
        return out, events, allocations

    reference, _, allocations = run(None)
    assert allocations > 2
    for fault in (1, allocations // 2, allocations):
        out, events, _ = run(fault)
        assert len(retries(events)) == 1
        assert deviation(out.means, reference.means) < 1e-6
        assert deviation(out.covariances, reference.covariances) < 1e-6
