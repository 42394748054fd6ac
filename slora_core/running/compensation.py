"""Every operator fitted on a round's pairs, and every old class moved by each, as the plan says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from slora_core.compensators import driver, registry
from slora_core.compensators.base import Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.numerics.noise import Noise
from slora_core.running.planning import JobPlan
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter
from slora_core.statistics.held import held_or_read


@dataclass(frozen=True, slots=True)
class Move:
    """What one operator moves: from ``state`` to ``out``, the classes numbered ``classes``.

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

    def run(self, pairs: Pairs, moves: Mapping[str, Move]) -> None:
        for name, move in moves.items():
            if move.classes:
                with self.ctx.stage(name):
                    self._run_operator(name, pairs, move)

    def _run_operator(self, name: str, pairs: Pairs, move: Move) -> None:
        stage = f"{self.prefix}{name}.move"
        with ExitStack() as stack:
            transition = move.transition
            if transition is None:
                transition = self._fit(name, pairs)
                stack.callback(transition.close)
            stack.enter_context(self.ctx.stage("move", total=len(move.classes), unit="classes"))
            jitter = driver.move_classes(
                self.ctx,
                transition,
                self.job.option(stage),
                move.classes,
                held_or_read(self.ctx, self.config, move.state),
                move.out,
                move.noise,
                shrink=lambda option: self.job.smaller(stage, option),
            )
        if jitter:
            ids = {str(move.state.class_ids[index]): value for index, value in jitter.items()}
            self.jitter[name] = ids
            listed = ", ".join(ids)
            self.ctx.notice("jitter", f"{name}: the covariances of classes {listed} needed a jitter", jitter=ids)

    def _fit(self, name: str, pairs: Pairs) -> Transition:
        compensator = registry.load(name, self.config)
        trains = name == "weaknonlinear"
        total, unit = (self.config.operators.weaknonlinear.steps, "steps") if trains else (pairs.count, "pairs")
        with self.ctx.stage("fit", total=total, unit=unit):
            stage = f"{self.prefix}{name}.fit"
            return driver.fit_pairs(
                self.ctx,
                compensator,
                self.job.option(stage),
                pairs,
                shrink=lambda option: self.job.smaller(stage, option),
            )
