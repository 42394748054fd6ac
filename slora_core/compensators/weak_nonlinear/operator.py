"""Alpha2-SLDC: a small two-branch network trained on the pairs; classes move by samples pushed through it.

f(x) = a1 A x + a2 B2 relu(B1 x), (a1, a2) = softmax(alpha / exp(s)) (Rao et al., arXiv 2511.09926).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from slora_core.compensators.base import Compensator, Mover, Transition
from slora_core.compensators.mover import OpenMover
from slora_core.compensators.push import GaussianPush
from slora_core.compensators.recordings import RecordableTransform
from slora_core.compensators.weak_nonlinear.training import train
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import Noise
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter


class WeakNonlinearCompensator(Compensator):
    """Trains A, B1, B2 and the gates; start and batches follow from ``config.run.seed`` alone."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def fit(self, ctx: RunContext, pairs: Pairs, option: Option) -> WeakNonlinearTransition:
        """Advances by training steps."""
        training = self.config.operators.weaknonlinear
        with Workspace(option.footprint, ctx.device) as space:
            train(ctx, pairs, space, training, seed=self.config.run.seed, choice=option.choice)
            return WeakNonlinearTransition(space.take("weights"), space.take("gates"), self.config)


class WeakNonlinearTransition(Transition):
    """The fitted network: ``weights`` [3, d, d] are A, B1, B2; ``gates`` [3] are alpha_1, alpha_2 and s. Float32."""

    def __init__(self, weights: Tensor, gates: Tensor, config: RunConfig) -> None:
        self._fitted: tuple[Tensor, Tensor] | None = (weights, gates)
        self._config = config

    @classmethod
    def from_weights(
        cls,
        linear: Tensor,
        inner: Tensor,
        outer: Tensor,
        *,
        alphas: Tensor,
        log_scale: Tensor | float,
        config: RunConfig,
        device: torch.device | None = None,
    ) -> WeakNonlinearTransition:
        """A given network: A, B1, B2 [d, d] each, ``alphas`` [2]. Raises InputError when a shape is another."""
        dim = linear.shape[0]
        for name, weight in (("A", linear), ("B1", inner), ("B2", outer)):
            if tuple(weight.shape) != (dim, dim):
                raise InputError(f"the weight {name} has shape {tuple(weight.shape)}: expected [{dim}, {dim}]")
        if tuple(alphas.shape) != (2,):
            raise InputError(f"alphas have shape {tuple(alphas.shape)}: expected [2]")
        gates = torch.tensor([*alphas.tolist(), float(log_scale)], dtype=torch.float32, device=device)
        weights = torch.stack([linear, inner, outer]).detach().to(device, torch.float32)
        return cls(weights, gates, config)

    @property
    def weights(self) -> Tensor:
        return self._open()[0]

    @property
    def gates(self) -> Tensor:
        return self._open()[1]

    @contextmanager
    def mover(self, ctx: RunContext, option: Option, noise: Noise | None) -> Iterator[Mover]:
        """Raises InputError when the noise is not [samples, d]."""
        with Workspace(option.footprint, ctx.device) as space:
            push = GaussianPush(
                ctx,
                space,
                batch=option.choice.classes,
                chunk=option.choice.chunk,
                noise=noise,
                reg=self._config.operators.cholesky_reg,
                samples=self._config.operators.weaknonlinear.samples,
            )
            network = Network(self.weights, self.gates, space)
            with OpenMover(option.choice.classes, partial(_move, push, network), push) as mover:
                yield mover

    def close(self) -> None:
        self._fitted = None

    def _open(self) -> tuple[Tensor, Tensor]:
        if self._fitted is None:
            raise RuntimeError("the transition is closed")
        return self._fitted


class Network(RecordableTransform):
    """f over rows, in place, with ``hidden`` and ``branch`` of the workspace as scratch."""

    def __init__(self, weights: Tensor, gates: Tensor, space: Workspace) -> None:
        self._linear, self._inner, self._outer = weights.mT.unbind()
        alpha1, alpha2, log_scale = gates.tolist()
        self._a1 = 1 / (1 + math.exp((alpha2 - alpha1) / math.exp(log_scale)))
        self._hidden, self._branch = space["hidden"], space["branch"]
        self.row_flop = 6.0 * weights.shape[-1] ** 2

    def __call__(self, rows: Tensor) -> None:
        """Replace ``rows`` [m, d] by f(rows)."""
        hidden, branch = self._hidden[: len(rows)], self._branch[: len(rows)]
        torch.mm(rows, self._inner, out=hidden)
        hidden.clamp_(min=0)
        torch.mm(rows, self._linear, out=branch)
        torch.addmm(branch, hidden, self._outer, beta=self._a1, alpha=1 - self._a1, out=rows)


def _move(
    push: GaussianPush, network: Network, batch: Sequence[int], state: StateReader, out: StateWriter
) -> Mapping[int, float]:
    return push.run(batch, state, network, None, out)
