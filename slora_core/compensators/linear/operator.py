"""Alpha1-SLDC: a ridge regression between normalised features before and after a task, mixed with the identity.

W = (X^'X^ + gamma I)^-1 X^'Y^, then W <- (1 - w) W + w I with w = exp(-N / (T d)); a class moves by
mu' = mu W and Sigma' = W' Sigma W + ridge I (Rao et al., arXiv 2511.09926). All of it in float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from slora_core.compensators.base import Mover, SummingCompensator, Transition
from slora_core.compensators.class_port import ClassPort
from slora_core.compensators.linear.sums import LinearSums, normalise_rows
from slora_core.compensators.mover import OpenMover
from slora_core.compensators.reading import read_pairs
from slora_core.config import LinearConfig, RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, NumericalError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import Noise
from slora_core.numerics.staging import Staging
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter


class LinearCompensator(SummingCompensator["LinearTransition"]):
    """Fits W [d, d] in one pass over the pairs, closed form; of several ranks each over its share."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config.operators.linear

    @contextmanager
    def summing(self, ctx: RunContext, option: Option) -> Iterator[LinearSumming]:
        with Workspace(option.footprint, ctx.device) as space, ExitStack() as phase:
            phase.enter_context(space.phase("sum"))
            yield LinearSumming(ctx, self.config, option.choice.rows, space, phase)


class LinearSumming:
    """X^'X^ and X^'Y^ of the pairs so far, inside the phase ``sum`` of their workspace, which ends with it."""

    def __init__(self, ctx: RunContext, config: LinearConfig, rows: int, space: Workspace, phase: ExitStack) -> None:
        self._ctx = ctx
        self._config = config
        self._rows = rows
        self._space = space
        self._phase = phase
        self._staging = Staging(space)
        self._sums = LinearSums(space["gram"], space["cross"])
        self._sums.clear()

    def add(self, pairs: Pairs) -> None:
        """Sum all rows of ``pairs`` in chunks."""
        space = self._space
        for start in range(0, pairs.count, self._rows):
            size = min(self._rows, pairs.count - start)
            before, after = space["before"][:size], space["after"][:size]
            before64, after64, norms = space["before64"][:size], space["after64"][:size], space["norms"][:size]
            read_pairs(self._staging, pairs, start, before, after)
            normalise_rows(before, before64, norms)
            normalise_rows(after, after64, norms)
            self._sums.add(before64, after64)
            self._ctx.advance(size)

    def finish(self) -> LinearTransition:
        """Raises NumericalError when the Gram matrix is not positive definite."""
        space, sums, peers = self._space, self._sums, self._ctx.peers
        peers.add_up(sums.gram, space["before64"])
        peers.add_up(sums.cross, space["before64"])
        sums.count = sum(peers.gather(sums.count))
        self._phase.close()
        if peers.rank == 0:
            with space.phase("solve"):
                solve(sums, self._config, space["factor"], space["info"])
        peers.spread(sums.cross)
        del self._sums
        return LinearTransition(space.take("cross"), self._config)


def solve(sums: LinearSums, config: LinearConfig, factor: Tensor, info: Tensor) -> None:
    """Turn ``sums.cross`` into the mixed operator W in place; ``sums.gram`` is spent."""
    dim = sums.gram.shape[0]
    sums.gram.diagonal().add_(config.gamma)
    lower = factor.mT
    torch.linalg.cholesky_ex(sums.gram, out=(lower, info))
    if int(info.item()) != 0:
        raise NumericalError(
            f"the Gram matrix of {sums.count} pairs with ridge gamma = {config.gamma} is not positive definite",
            "look for NaN or Inf in the features, or raise operators.linear.gamma",
        )
    torch.linalg.solve_triangular(lower, sums.cross, upper=False, out=sums.cross)
    torch.linalg.solve_triangular(factor, sums.cross, upper=True, out=sums.cross)
    identity_weight = math.exp(-sums.count / (config.mixing_temperature * dim))
    sums.cross.mul_(1 - identity_weight)
    sums.cross.diagonal().add_(identity_weight)


class LinearTransition(Transition):
    """W [d, d]: a row x moves to x W."""

    def __init__(self, weight: Tensor, config: LinearConfig) -> None:
        """``weight`` is float64 on the device of the run; :meth:`from_weights` takes any other."""
        self._weight: Tensor | None = weight
        self._ridge = config.ridge

    @classmethod
    def from_weights(cls, weight: Tensor, config: RunConfig, device: torch.device | None = None) -> LinearTransition:
        """A transition with a given W [d, d]. Raises InputError when it is not square."""
        if weight.ndim != 2 or weight.shape[0] != weight.shape[1]:
            raise InputError(f"the linear operator has shape {tuple(weight.shape)}: expected [d, d]")
        return cls(weight.detach().to(device, torch.float64), config.operators.linear)

    @property
    def weight(self) -> Tensor:
        if self._weight is None:
            raise RuntimeError("the transition is closed")
        return self._weight

    @contextmanager
    def mover(self, ctx: RunContext, option: Option, noise: Noise | None) -> Iterator[Mover]:
        with Workspace(option.footprint, ctx.device) as space:
            port = ClassPort(space, option.choice.classes)
            congruence = _Congruence(self.weight, self._ridge, space, port)
            with OpenMover(option.choice.classes, congruence.move, port) as mover:
                yield mover

    def close(self) -> None:
        self._weight = None


class _Congruence:
    """The congruence of a batch of classes, in two float64 squares a class."""

    def __init__(self, weight: Tensor, ridge: float, space: Workspace, port: ClassPort) -> None:
        self._weight = weight
        self._ridge = ridge
        self._space = space
        self._port = port

    def move(self, batch: Sequence[int], state: StateReader, out: StateWriter) -> Mapping[int, float]:
        size = len(batch)
        mean, covariance = self._space["mean"][:size], self._staged()[:size]
        self._port.read(batch, state, mean, covariance)
        self._move_means(mean)
        self._move_covariances(covariance)
        self._port.write(batch, out, mean, covariance)
        return {}

    def _move_means(self, mean: Tensor) -> None:
        source, moved = self._space["mean64"][: len(mean)], self._space["moved64"][: len(mean)]
        source.copy_(mean)
        mean.copy_(torch.mm(source, self._weight, out=moved))

    def _move_covariances(self, staged: Tensor) -> None:
        """``staged`` lies inside ``product``: it is read before the product is written and filled when it is spent."""
        covariance, product = self._space["covariance"][: len(staged)], self._space["product"][: len(staged)]
        covariance.copy_(staged)
        dim = self._weight.shape[0]
        torch.mm(covariance.view(-1, dim), self._weight, out=product.view(-1, dim))
        torch.bmm(self._weight.mT.expand(len(staged), dim, dim), product, out=covariance)
        product.copy_(covariance.mT)
        covariance.add_(product).mul_(0.5)
        covariance.diagonal(dim1=1, dim2=2).add_(self._ridge)
        staged.copy_(covariance)

    def _staged(self) -> Tensor:
        """Float32 [classes, d, d] in the memory of ``product``."""
        product = self._space["product"]
        return product.view(-1).view(torch.float32)[: product.numel()].view(product.shape)
