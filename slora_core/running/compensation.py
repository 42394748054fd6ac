"""Every operator fitted on a round's pairs, and every old class moved by each, as the plan says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from slora_core.compensators import driver, registry
from slora_core.compensators.base import Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.plan import Option
from slora_core.numerics.noise import Noise
from slora_core.peers import own_share, share_of
from slora_core.running.handing_on import receive_network, send_network
from slora_core.running.planning import JobPlan
from slora_core.running.shares import SUMMED, TRAINED
from slora_core.sources.base import Pairs
from slora_core.sources.sliced import SlicedPairs
from slora_core.statistics.base import StateReader, StateWriter
from slora_core.statistics.held import held_or_read
from slora_core.wording import by_count


@dataclass(frozen=True, slots=True)
class Move:
    """What one operator moves: from ``state`` to ``out``, the classes numbered ``classes``; of several ranks each its
    share of them.

    With a ``transition`` the operator is fitted already: its fit is skipped, and it stays open for its owner.
    """

    state: StateReader
    out: StateWriter
    classes: Sequence[int]
    noise: Noise | None = None
    transition: Transition | None = None


@dataclass(slots=True)
class Compensation:
    """Runs operators by the stages of ``job`` whose names begin with ``prefix`` (``task2.``).

    ``jitter[operator][class id]`` collects what the Cholesky factors needed.
    """

    ctx: RunContext
    config: RunConfig
    job: JobPlan
    prefix: str = ""
    jitter: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self, pairs: Pairs | None, moves: Mapping[str, Move]) -> None:
        """Without pairs every move has its transition."""
        for name, move in moves.items():
            if move.classes:
                with self.ctx.stage(name):
                    self._run_operator(name, pairs, move)

    def _run_operator(self, name: str, pairs: Pairs | None, move: Move) -> None:
        stage = f"{self.prefix}{name}.move"
        with ExitStack() as stack:
            transition = move.transition
            if transition is None:
                if pairs is None:
                    raise ValueError(f"operator {name!r} has neither pairs to be fitted on nor a transition")
                transition = self._fit(name, pairs)
                stack.callback(transition.close)
            classes = own_share(move.classes, self.ctx.peers)
            stack.enter_context(self.ctx.stage("move", total=len(classes), unit="classes"))
            if not classes:
                return
            jitter = driver.move_classes(
                self.ctx,
                transition,
                self.job.option(stage),
                classes,
                held_or_read(self.ctx, self.config, move.state),
                move.out,
                move.noise,
                shrink=lambda option: self.job.smaller(stage, option),
            )
        if jitter:
            ids = {str(move.state.class_ids[index]): value for index, value in jitter.items()}
            self.jitter[name] = ids
            listed = ", ".join(ids)
            told = by_count(len(ids), f"covariance of class {listed}", f"covariances of classes {listed}")
            self.ctx.notice("jitter", f"{name}: the {told} needed a jitter", jitter=ids)

    def _fit(self, name: str, pairs: Pairs) -> Transition:
        compensator, peers = registry.load(name, self.config), self.ctx.peers
        trains = name in TRAINED
        if name in SUMMED and peers.size > 1:
            pairs = SlicedPairs(pairs, *share_of(pairs.count, peers.rank, peers.size))
        total, unit = (self.config.operators.weaknonlinear.steps, "steps") if trains else (pairs.count, "pairs")
        stage = f"{self.prefix}{name}.fit"
        if trains and peers.rank > 0:
            with self.ctx.stage("fit"):
                return receive_network(self.ctx, self.job.option(stage), self.config)
        with self.ctx.stage("fit", total=total, unit=unit):
            transition = driver.fit_pairs(
                self.ctx, compensator, self.job.option(stage), pairs, shrink=partial(self._smaller_fit, stage)
            )
            if trains and peers.size > 1:
                send_network(self.ctx, transition)
            return transition

    def _smaller_fit(self, stage: str, option: Option) -> Option | None:
        """None for one of several ranks: a fit that began again would be out of step with the others."""
        return self.job.smaller(stage, option) if self.ctx.peers.size == 1 else None
