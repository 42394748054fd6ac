"""A network that rank 0 has trained, on every rank: the same weights to the bit."""

from __future__ import annotations

from slora_core.compensators.base import Transition
from slora_core.compensators.weak_nonlinear.operator import WeakNonlinearTransition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace


def send_network(ctx: RunContext, transition: Transition) -> None:
    """From rank 0, to :func:`receive_network` of the others."""
    if not isinstance(transition, WeakNonlinearTransition):
        raise TypeError(f"{type(transition).__name__} is not a trained network")
    ctx.peers.spread(transition.weights)
    ctx.peers.spread(transition.gates)


def receive_network(ctx: RunContext, option: Option, config: RunConfig) -> WeakNonlinearTransition:
    """Into the kept buffers of ``option``, one of :func:`~slora_core.running.shares.received`."""
    with Workspace(option.footprint, ctx.device) as space:
        ctx.peers.spread(space["weights"])
        ctx.peers.spread(space["gates"])
        return WeakNonlinearTransition(space.take("weights"), space.take("gates"), config)
