"""Chunk policies: which query chunks a stage may choose from. All give the same results."""

from __future__ import annotations

from typing import Final

from slora_core.config import RunConfig

SEED_CHUNK: Final = 128
ADAPTIVE_CHUNKS: Final = (32, 64, 128)
MOST_PINNED_BYTES: Final = 2 * 1024**3
"""Host memory that a stage locks at most to feed a device from it."""


def candidate_chunks(config: RunConfig, ceiling: int) -> tuple[int, ...]:
    """Chunks, ascending and distinct, that the policy of ``config`` allows for ``ceiling`` rows of work.

    Planned and tuned: powers of two from 8 and the ceiling itself. Fixed: the configured number. Adaptive: the seed's
    32, 64 and 128. With the measure ``adaptive_budget`` off there is no budget manager: the seed's 128.
    """
    if not config.measures.adaptive_budget:
        return (min(SEED_CHUNK, ceiling),)
    if config.memory.policy == "fixed":
        return (min(config.memory.chunk, ceiling),)
    if config.memory.policy == "adaptive":
        return tuple(sorted({min(chunk, ceiling) for chunk in ADAPTIVE_CHUNKS}))
    powers = (2**exponent for exponent in range(3, 15))
    return tuple(sorted({min(power, ceiling) for power in powers} | {min(ceiling, 2**14)}))


def adaptive_chunk(current_bytes: int, budget_bytes: int | None) -> int:
    """The seed's rule: above 80 % of the budget 32, below 50 % 128, otherwise 64."""
    if budget_bytes is None:
        return 128
    ratio = current_bytes / budget_bytes
    return 32 if ratio > 0.8 else 128 if ratio < 0.5 else 64
