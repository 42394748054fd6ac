"""The seed implementation as a whole: what every saving is measured against. Nothing is shared with the optimised path.

Its five memory sources: the unread sample cache, features in lists and again concatenated, the [chunk, N, d] product
of the attention, whole classes through the weak-nonlinear network after a plain loop, and classes one after another
on the CPU with nothing released until the end. It knows no budget, makes no plan and does not tile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from torch import Tensor

from slora_core.baseline.attention import attend, blend, move_mean
from slora_core.baseline.draws import Draws
from slora_core.baseline.features import Features, load_features
from slora_core.baseline.gaussians import Gaussian, Sampler, moments, read_gaussians
from slora_core.baseline.linear import fit_linear, move_linear
from slora_core.baseline.rff import fit_rff
from slora_core.baseline.weak_nonlinear import fit_weak_nonlinear, load_optimizer, move_weak_nonlinear
from slora_core.config import OperatorsConfig, RunConfig
from slora_core.context import RunContext
from slora_core.numerics.noise import Noise
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter

Move: TypeAlias = Callable[[int, Gaussian], Gaussian]
"""Class number and class to moved class."""


def run_baseline(
    ctx: RunContext,
    pairs: Pairs,
    states: Mapping[str, StateReader],
    config: RunConfig,
    *,
    writers: Mapping[str, StateWriter],
    noises: Mapping[str, Noise],
    draws: Draws,
) -> dict[str, dict[int, float]]:
    """Move every class through every operator of ``config``; returns the Cholesky jitter by operator and class number.

    ``states``, ``writers`` and ``noises`` are keyed by operator; operators may share one state. Opens the stages
    ``load`` and, for each operator, ``<name>.fit`` and ``<name>.move``.
    """
    ctx.load(load_optimizer)
    with ctx.stage("load", total=pairs.count, unit="pairs"):
        features = load_features(ctx, pairs)
        known = {id(state): read_gaussians(state) for state in states.values()}
    run = _Run(ctx, config.operators, features, noises, draws)
    for name in config.operators.names:
        gaussians = known[id(states[name])]
        trains = name == "weaknonlinear"
        total, unit = (config.operators.weaknonlinear.steps, "steps") if trains else (pairs.count, "pairs")
        with ctx.stage(name):
            with ctx.stage("fit", total=total, unit=unit):
                move = run.fit(name)
                ctx.advance(0 if trains else total)
            with ctx.stage("move", total=len(gaussians), unit="classes"):
                run.move(gaussians, move, writers[name])
    return run.jitter


class _Run:
    """One run's data. ``_kept`` holds every fitted operator and every moved class until the end."""

    def __init__(
        self,
        ctx: RunContext,
        config: OperatorsConfig,
        features: Features,
        noises: Mapping[str, Noise],
        draws: Draws,
    ) -> None:
        self._ctx = ctx
        self._config = config
        self._features = features
        self._noises = noises
        self._draws = draws
        self._sampler = Sampler(ctx.device, config.cholesky_reg)
        self._kept: list[object] = []
        self.jitter: dict[str, dict[int, float]] = {name: {} for name in config.names}

    def fit(self, name: str) -> Move:
        fits = {
            "linear": self._fit_linear,
            "weaknonlinear": self._fit_weak_nonlinear,
            "attention": self._fit_attention,
            "rff": self._fit_rff,
        }
        return fits[name]()

    def move(self, gaussians: list[Gaussian], move: Move, writer: StateWriter) -> None:
        """One class after another."""
        for index, gaussian in enumerate(gaussians):
            moved = move(index, gaussian)
            writer.write(index, moved.mean, moved.cov)
            self._kept.append((move, moved))
            self._ctx.advance()

    def _sample(self, name: str, index: int, gaussian: Gaussian) -> Tensor:
        samples = self._sampler.sample(gaussian, self._noises[name], index)
        if gaussian.jitter:
            self.jitter[name][index] = gaussian.jitter
        return samples

    def _fit_linear(self) -> Move:
        config = self._config.linear
        weight = fit_linear(self._features, config)
        return lambda index, gaussian: move_linear(weight, gaussian, config)

    def _fit_weak_nonlinear(self) -> Move:
        network = fit_weak_nonlinear(self._ctx, self._features, self._config.weaknonlinear, self._draws)
        return lambda index, gaussian: move_weak_nonlinear(network, self._sample("weaknonlinear", index, gaussian))

    def _fit_attention(self) -> Move:
        config, before = self._config.attention, self._features.before
        drift = self._features.after - before
        if config.mean_only:
            return lambda index, gaussian: move_mean(self._ctx, gaussian, before, drift, config)

        def move(index: int, gaussian: Gaussian) -> Gaussian:
            samples = self._sample("attention", index, gaussian)
            return blend(moments(attend(self._ctx, samples, before, drift, config)), gaussian, config)

        return move

    def _fit_rff(self) -> Move:
        config = self._config.rff
        attention = fit_rff(self._features, config.features, self._draws)
        return lambda index, gaussian: blend(moments(attention(self._sample("rff", index, gaussian))), gaussian, config)
