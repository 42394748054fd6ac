"""What the run's record says of a rank that failed, died or hangs. Torch-free."""

from __future__ import annotations

import dataclasses
import platform
from typing import Final

from slora_core.distributed.hub import RankState
from slora_core.errors import PeerLost
from slora_core.events import RunFailed
from slora_core.streams.postmortem import describe_exit
from slora_core.streams.trace import RunTrace

REMEDY: Final = "classes that are finished are kept with --resume, and a run with it goes on from them"
RANK_LOST: Final = "rank-lost"


def name_of(state: RankState, size: int) -> str:
    """``rank 1 of 4 (process 4711 on host)``; the host only where it is not this one."""
    elsewhere = f" on {state.host}" if state.host != platform.node() else ""
    return f"rank {state.rank} of {size} (process {state.pid}{elsewhere})"


def failed_rank(rank: int, size: int, failure: RunFailed) -> RunFailed:
    """A failure that a rank reported itself; what is wrong with the input or the budget is wrong on every rank."""
    if failure.exit_code != PeerLost.exit_code:
        return failure
    return dataclasses.replace(failure, what=f"rank {rank} of {size}: {failure.what}")


def lost_rank(who: str, trace: RunTrace, t_s: float, status: int | None, output: str) -> RunFailed:
    """A rank whose process ended without a word. ``who`` names it as :func:`name_of` does."""
    end = "ended without a word" if status is None else describe_exit(status)
    return RunFailed(t_s, RANK_LOST, f"{who} {end}{_where(trace)}", REMEDY, PeerLost.exit_code, output)


def hanging_rank(who: str, trace: RunTrace, t_s: float, limit_s: float, *, silent: bool) -> RunFailed:
    """A rank that has shown no sign of life, or made no progress, for longer than the limit."""
    lacks = "gave no sign of life" if silent else "made no progress"
    what = f"{who} {lacks} for {limit_s:g} s{_where(trace)} and counts as hanging"
    return RunFailed(t_s, RANK_LOST, what, f"{REMEDY}; distributed.timeout_s is the limit", PeerLost.exit_code)


def _where(trace: RunTrace) -> str:
    return f" in stage {trace.stage}" if trace.stage else ""
