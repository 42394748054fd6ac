"""One suite for every operator: the float64 oracle, invariance, exact plans, cancel and release."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conformance import EXPECTATIONS, Moved, context, deviation, fitted, make_problem, moved
from hypothesis import given, settings
from hypothesis import strategies as st

from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.driver import move_classes
from slora_core.context import RunContext
from slora_core.errors import RunCancelled
from slora_core.memory.device import CPU_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.types import OPERATORS, Workload

pytestmark = pytest.mark.parametrize("name", OPERATORS)


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"pairs": 400, "dim": 24, "classes": 3, "samples": 120},
        {"pairs": 2, "dim": 3, "classes": 2, "samples": 20},
        {"pairs": 70, "dim": 1, "classes": 2, "samples": 30},
        {"pairs": 90, "dim": 5, "classes": 1, "samples": 2},
        {"pairs": 90, "dim": 4, "classes": 6, "samples": 30, "per_class_noise": True},
    ],
    ids=str,
)
def test_every_option_agrees_with_the_oracle(name: str, sizes: dict[str, int]) -> None:
    problem = make_problem(**sizes)
    for fit_option in problem.fit_options(name):
        transition = fitted(name, problem, fit_option)
        means, covariances = EXPECTATIONS[name](problem, transition)
        for option in problem.move_options(name):
            got = moved(transition, problem, option)
            assert deviation(got.means, means) < 1e-5, option.choice
            assert deviation(got.covariances, covariances) < 1e-5, option.choice


def test_no_option_order_or_share_changes_a_result(name: str) -> None:
    problem = make_problem(pairs=200, dim=12, classes=7, samples=70)
    reference: Moved | None = None
    order = [4, 0, 6, 2, 5, 1, 3]
    for fit_option in problem.fit_options(name):
        transition = fitted(name, problem, fit_option)
        for option in problem.move_options(name):
            got = moved(transition, problem, option)
            reference = reference or got
            again = moved(transition, problem, option, order)
            share = moved(transition, problem, option, [5, 2])
            for other, classes in ((got, order), (again, order), (share, [5, 2])):
                assert sorted(other.written) == sorted(classes)
                assert deviation(other.means[classes], reference.means[classes]) < 1e-6, option.choice
                assert deviation(other.covariances[classes], reference.covariances[classes]) < 1e-6, option.choice


@settings(max_examples=12, derandomize=True)
@given(data=st.data())
def test_any_size_under_any_option(name: str, data: st.DataObject) -> None:
    draw = data.draw
    problem = make_problem(
        pairs=draw(st.integers(2, 90)),
        dim=draw(st.integers(1, 12)),
        classes=draw(st.integers(1, 4)),
        samples=draw(st.integers(2, 50)),
        seed=draw(st.integers(0, 1000)),
        per_class_noise=draw(st.booleans()),
    )
    fit_option = draw(st.sampled_from(problem.fit_options(name)))
    option = draw(st.sampled_from(problem.move_options(name)))
    transition = fitted(name, problem, fit_option)
    got = moved(transition, problem, option)
    means, covariances = EXPECTATIONS[name](problem, transition)
    assert deviation(got.means, means) < 1e-5
    assert deviation(got.covariances, covariances) < 1e-5


@pytest.mark.parametrize("policy", [{}, {"policy": "fixed", "chunk": 5}, {"policy": "adaptive"}], ids=str)
@pytest.mark.parametrize("sizes", [(33, 5, 2, 17), (140, 9, 5, 60), (2, 2, 1, 2)], ids=str)
def test_the_ledger_counts_exactly_what_was_planned(
    name: str, sizes: tuple[int, int, int, int], policy: dict[str, object]
) -> None:
    pairs, dim, classes, samples = sizes
    problem = make_problem(pairs=pairs, dim=dim, classes=classes, samples=samples, source={"memory": policy})
    moves = problem.move_options(name)
    for fit_option in problem.fit_options(name):
        with Ledger() as ledger:
            transition = fitted(name, problem, fit_option)
            assert ledger.peak_bytes == fit_option.footprint.peak_bytes()
            assert ledger.live_bytes == fit_option.footprint.totals()[1]
            for option in moves:
                ledger.push_peak()
                moved(transition, problem, option)
                assert ledger.pop_peak() == ledger.live_bytes + option.footprint.peak_bytes(), option.choice
                assert ledger.live_bytes == fit_option.footprint.totals()[1]
            transition.close()
            assert ledger.live_bytes == 0


def test_a_cancel_stops_a_move_between_chunks_and_frees_everything(name: str) -> None:
    problem = make_problem(classes=3, source={"memory": {"policy": "fixed", "chunk": 8}})
    token = CancelToken()
    ctx = RunContext(torch.device("cpu"), cancel=token)

    class Watched:
        """A state that asks for a stop when its second class is read."""

        class_ids, counts, dim = problem.state.class_ids, problem.state.counts, problem.state.dim

        def read(self, index: int, mean: torch.Tensor | None, covariance: torch.Tensor | None) -> None:
            if index == 1:
                token.cancel()
            problem.state.read(index, mean, covariance)

    out = Moved(3, problem.state.dim)
    with Ledger() as ledger:
        transition = fitted(name, problem)
        kept = ledger.live_bytes
        with pytest.raises(RunCancelled):
            move_classes(
                ctx,
                transition,
                problem.move_options(name)[0],
                range(3),
                Watched(),
                out,
                problem.noise,
                shrink=lambda _: None,
            )
        assert out.written == ([0, 1] if name == "linear" else [0])  # linear has no chunks within a class
        assert ledger.live_bytes == kept
        transition.close()
        assert ledger.live_bytes == 0


def test_a_mover_does_not_keep_its_buffers(name: str) -> None:
    problem = make_problem()
    with Ledger() as ledger:
        transition = fitted(name, problem)
        with transition.mover(context(), problem.move_options(name)[0], problem.noise) as mover:
            mover.move([0], problem.state, Moved(5, 6))
        del mover
        transition.close()
        assert ledger.live_bytes == 0


def test_inputs_are_left_as_they_were(name: str) -> None:
    problem = make_problem()
    arrays = (problem.before, problem.after, problem.state.means, problem.state.covariances, problem.eps)
    copies = [array.copy() for array in arrays]
    transition = fitted(name, problem)
    for option in problem.move_options(name):
        moved(transition, problem, option)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_plans_of_any_size_are_small_and_positive(name: str) -> None:
    problem = make_problem()
    for workload in ((2, 1, 1), (7048, 768, 20), (41000, 768, 100), (1_000_000, 256, 100)):
        for options in (
            registry.fit_options(name, Workload(*workload), problem.config, CPU_PROFILE),
            registry.move_options(name, Workload(*workload), problem.config, CPU_PROFILE),
        ):
            assert 1 <= len(options) <= 100
            assert all(option.seconds >= 0 for option in options)
            assert len({option.choice for option in options}) == len(options)
