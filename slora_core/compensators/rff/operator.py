"""Random-feature attention: the approximate form of the attention, whose fit streams to D x d + D numbers.

phi(x) = (cos(Omega x^ + b) + 1) / sqrt(D) with Omega ~ N(0, 2 gamma I) stands for a Gaussian kernel of the normalised
features; drift(q) = phi(q)'(Phi'V) / phi(q)'(Phi'1), and q' = q + drift(q).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from slora_core.compensators.base import SummingCompensator, Transition
from slora_core.compensators.mover import OpenMover
from slora_core.compensators.push import GaussianPush, blend
from slora_core.compensators.reading import read_pairs
from slora_core.compensators.recordings import RecordableTransform
from slora_core.compensators.rff.draws import fill_random_features, random_features
from slora_core.compensators.rff.features import rff_features
from slora_core.compensators.rff.plan import RffFitChoice, RffMoveChoice
from slora_core.compensators.rff.sums import RffSums
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import Noise
from slora_core.numerics.rows import normalise_rows
from slora_core.numerics.staging import Staging
from slora_core.sources.base import Pairs

LEAST_MASS: Final = 1e-20
"""Guards the quotient. phi is non-negative: where a query shares no mass with any key, its drift is 0 / this = 0."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """``values`` Phi'V [D, d] and ``mass`` Phi'1 [D, 1] with the frequencies they belong to; float32."""

    omega: Tensor
    offset: Tensor
    values: Tensor
    mass: Tensor


class RffCompensator(SummingCompensator["RffTransition"]):
    """Frequencies follow from ``config.run.seed``, or are given: ``omega`` [D, d] and ``offset`` [D], CPU float32."""

    def __init__(self, config: RunConfig, *, omega: Tensor | None = None, offset: Tensor | None = None) -> None:
        if (omega is None) != (offset is None):
            raise InputError("random features need both omega and offset, or neither")
        self.config = config
        self._given = None if omega is None or offset is None else (omega, offset)

    @contextmanager
    def summing(self, ctx: RunContext, option: Option) -> Iterator[RffSumming]:
        """Raises InputError for frequencies of another shape."""
        choice: RffFitChoice = option.choice
        with torch.no_grad(), Workspace(option.footprint, ctx.device) as space:
            self._draw(space)
            yield RffSumming(ctx, self.config, choice.rows, space)

    def _draw(self, space: Workspace) -> None:
        omega, offset = space["rff_omega"], space["rff_offset"]
        if self._given is not None:
            for name, given, buffer in zip(("omega", "offset"), self._given, (omega, offset), strict=True):
                if given.shape != buffer.shape:
                    raise InputError(f"{name} has shape {tuple(given.shape)}: expected {tuple(buffer.shape)}")
                buffer.copy_(given)
        elif space.device.type == "cpu":
            fill_random_features(self.config.run.seed, self.config.operators.rff.gamma, omega, offset)
        else:
            features, dim = omega.shape
            drawn = random_features(self.config.run.seed, dim, features, gamma=self.config.operators.rff.gamma)
            omega.copy_(drawn[0])
            offset.copy_(drawn[1])


class RffSumming:
    """Phi'V and Phi'1 of the pairs so far; of several ranks each of its share."""

    def __init__(self, ctx: RunContext, config: RunConfig, rows: int, space: Workspace) -> None:
        self._ctx = ctx
        self._config = config
        self._rows = rows
        self._space = space
        self._staging = Staging(space)
        self._ones = space["rff_ones"].fill_(1.0) if space.footprint.holds("rff_ones") else None
        self._sums = RffSums(space["rff_values64"], space["rff_mass64"])
        self._sums.clear()

    def add(self, pairs: Pairs) -> None:
        """Sum all rows of ``pairs`` in chunks."""
        space, ones = self._space, self._ones
        for start in range(0, pairs.count, self._rows):
            stop = min(start + self._rows, pairs.count)
            names = ("before", "drift", "norm", "phi", "drift64", "phi64")
            before, drift, norm, phi, drift64, phi64 = (space[f"rff_{name}"][: stop - start] for name in names)
            read_pairs(self._staging, pairs, start, before, drift)
            drift.sub_(before)
            normalise_rows(before, norm, before)
            rff_features(before, space["rff_omega"], space["rff_offset"], phi)
            drift64.copy_(drift)
            phi64.copy_(phi)
            self._sums.add(phi64, drift64, space["rff_part"], None if ones is None else ones[: stop - start])
            self._ctx.advance(stop - start)

    def finish(self) -> RffTransition:
        space, sums, peers = self._space, self._sums, self._ctx.peers
        peers.add_up(sums.values, space["rff_drift64"])
        peers.add_up(sums.mass.unsqueeze(0), space["rff_part"].unsqueeze(0))
        space["rff_values"].copy_(sums.values)
        space["rff_mass"].copy_(sums.mass.unsqueeze(1))
        peers.spread(space["rff_values"])
        peers.spread(space["rff_mass"])
        del self._sums
        names = ("rff_omega", "rff_offset", "rff_values", "rff_mass")
        return RffTransition(Fitted(*(space.take(name) for name in names)), self._config)


class RffTransition(Transition):
    """Moves classes by samples."""

    def __init__(self, fitted: Fitted, config: RunConfig) -> None:
        self._fitted: Fitted | None = fitted
        self._config = config

    @contextmanager
    def mover(self, ctx: RunContext, option: Option, noise: Noise | None) -> Iterator[OpenMover]:
        """Raises InputError when the noise is not [samples, d]."""
        choice: RffMoveChoice = option.choice
        with (
            torch.no_grad(),
            Workspace(option.footprint, ctx.device) as space,
            self._open(ctx, space, choice, noise) as mover,
        ):
            yield mover

    @property
    def omega(self) -> Tensor:
        """Frequencies [D, d]."""
        return self._held().omega

    @property
    def offset(self) -> Tensor:
        """Offsets [D]."""
        return self._held().offset

    def close(self) -> None:
        self._fitted = None

    def _held(self) -> Fitted:
        if self._fitted is None:
            raise RuntimeError("the transition is closed")
        return self._fitted

    def _open(self, ctx: RunContext, space: Workspace, choice: RffMoveChoice, noise: Noise | None) -> OpenMover:
        settings = self._config.operators.rff
        push = GaussianPush(
            ctx,
            space,
            batch=choice.batch,
            chunk=choice.chunk,
            noise=noise,
            reg=self._config.operators.cholesky_reg,
            samples=settings.samples,
        )
        drift, finish = RffDrift(self._held(), space), blend(settings.mean_mixing, settings.covariance_blend)
        return OpenMover(choice.batch, lambda batch, state, out: push.run(batch, state, drift, finish, out), push)


class RffDrift(RecordableTransform):
    """Adds phi(q)'(Phi'V) / phi(q)'(Phi'1) to rows, in place."""

    def __init__(self, fitted: Fitted, space: Workspace) -> None:
        self._fitted = fitted
        self.row_flop = 4.0 * fitted.omega.numel()
        self._buffers = tuple(space[f"rff_{name}"] for name in ("query", "norm", "phi", "weight"))

    def __call__(self, x: Tensor) -> None:
        """Move the rows ``x`` [m, d]."""
        query, norm, phi, weight = (buffer[: len(x)] for buffer in self._buffers)
        normalise_rows(x, norm, query)
        rff_features(query, self._fitted.omega, self._fitted.offset, phi)
        torch.mm(phi, self._fitted.mass, out=weight)
        weight.clamp_(min=LEAST_MASS)
        torch.mm(phi, self._fitted.values, out=query)
        query.div_(weight)
        x.add_(query)
