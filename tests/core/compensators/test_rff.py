"""Random-feature attention: its random numbers, its mergeable sums, its guard, and the kernel it stands for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conformance import EXPECTATIONS, context, deviation, fitted, make_problem, moved
from oracles import unit
from scipy import stats

from slora_core.compensators.rff.draws import random_features
from slora_core.compensators.rff.features import rff_features
from slora_core.compensators.rff.operator import RffCompensator
from slora_core.errors import InputError
from slora_core.sources.arrays import ArrayPairs


def test_frequencies_and_offsets_have_their_distributions_and_follow_the_seed() -> None:
    omega, offset = random_features(3, 64, 2000, gamma=5.0)
    assert stats.kstest(omega.numpy().ravel() / np.sqrt(10.0), "norm").pvalue > 1e-3
    assert stats.kstest(offset.numpy() / (2 * np.pi), "uniform").pvalue > 1e-3
    again, _ = random_features(3, 64, 2000, gamma=5.0)
    other, _ = random_features(4, 64, 2000, gamma=5.0)
    assert torch.equal(omega, again)
    assert not torch.equal(omega, other)


def test_features_approximate_the_gaussian_kernel() -> None:
    """E[2 cos(w'x + b) cos(w'y + b)] = exp(-gamma |x - y|^2): Rahimi and Recht."""
    gamma, dim, features = 0.5, 5, 40000
    omega, offset = random_features(0, dim, features, gamma=gamma)
    rows = unit(np.random.default_rng(0).standard_normal((12, dim))).astype(np.float32)
    mapped = torch.empty(12, features)
    rff_features(torch.from_numpy(rows), omega, offset, mapped)
    cosines = mapped.double().numpy() - 1
    distances = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(2 * cosines @ cosines.T / features, np.exp(-gamma * distances), atol=0.03)
    assert mapped.min() >= 0


def test_the_fit_uses_the_drawn_features_and_can_be_given_others() -> None:
    problem = make_problem()
    drawn = random_features(problem.config.run.seed, 6, 48, gamma=5.0)
    transition = fitted("rff", problem)
    assert torch.equal(transition.omega, drawn[0])
    assert torch.equal(transition.offset, drawn[1])
    omega, offset = torch.randn(48, 6, generator=torch.Generator().manual_seed(1)), torch.zeros(48)
    option = problem.fit_options("rff")[0]
    given = RffCompensator(problem.config, omega=omega, offset=offset).fit(context(), problem.pairs, option)
    assert torch.equal(given.omega, omega)
    means, covariances = EXPECTATIONS["rff"](problem, given)
    got = moved(given, problem, problem.move_options("rff")[0])
    assert deviation(got.means, means) < 1e-5
    assert deviation(got.covariances, covariances) < 1e-5
    assert deviation(got.means, moved(transition, problem, problem.move_options("rff")[0]).means) > 1e-4


def test_given_features_that_do_not_fit_are_refused() -> None:
    problem = make_problem()
    option = problem.fit_options("rff")[0]
    with pytest.raises(InputError, match="both omega and offset"):
        RffCompensator(problem.config, omega=torch.zeros(48, 6))
    with pytest.raises(InputError, match=r"omega has shape \(48, 5\): expected \(48, 6\)"):
        RffCompensator(problem.config, omega=torch.zeros(48, 5), offset=torch.zeros(48)).fit(
            context(), problem.pairs, option
        )


def test_a_query_that_shares_no_mass_with_any_key_stays_where_it_is() -> None:
    """With Omega = 0 and b = pi every feature of every row is cos(pi) + 1 = 0."""
    problem = make_problem()
    compensator = RffCompensator(problem.config, omega=torch.zeros(48, 6), offset=torch.full((48,), np.pi))
    transition = compensator.fit(context(), problem.pairs, problem.fit_options("rff")[0])
    got = moved(transition, problem, problem.move_options("rff")[0])
    still = make_problem()
    pairs = ArrayPairs(still.before, still.before)  # no drift at all
    nothing = RffCompensator(still.config).fit(context(), pairs, still.fit_options("rff")[0])
    expected = moved(nothing, still, still.move_options("rff")[0])
    assert deviation(got.means, expected.means) < 1e-6
    assert deviation(got.covariances, expected.covariances) < 1e-6
