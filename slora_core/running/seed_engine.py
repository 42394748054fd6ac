"""Gives the baseline the same random numbers as the optimised path, and its classes to move."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from slora_core.baseline.draws import Draws
from slora_core.baseline.engine import run_baseline
from slora_core.compensators.rff.draws import random_features
from slora_core.compensators.weak_nonlinear.draws import batch_indices, initial_weights
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.running.compensation import Move
from slora_core.sources.base import Pairs


def move_with_baseline(
    ctx: RunContext, config: RunConfig, pairs: Pairs, moves: Mapping[str, Move]
) -> dict[str, dict[str, float]]:
    """Run the seed implementation; returns the Cholesky jitter by operator and class id."""
    seed, rff = config.run.seed, config.operators.rff
    jitter = run_baseline(
        ctx,
        pairs,
        config=config,
        states={name: move.state for name, move in moves.items()},
        writers={name: move.out for name, move in moves.items()},
        noises={name: move.noise for name, move in moves.items() if move.noise is not None},
        draws=Draws(
            partial(initial_weights, seed),
            partial(batch_indices, seed),
            partial(random_features, seed, gamma=rff.gamma),
        ),
    )
    return {
        name: {str(moves[name].state.class_ids[index]): value for index, value in values.items()}
        for name, values in jitter.items()
        if values
    }
