"""What a rank of a distributed run plans for: its share of pairs and classes, and the fits of others. Torch-free.

Sums over pairs are split (``linear``, ``rff``), a training is done once and its network handed to everyone
(``weaknonlinear``), and a fit that keeps the pairs themselves is everybody's own (``attention``). Moves are split by
classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from slora_core.memory.footprint import Footprint
from slora_core.memory.plan import Option
from slora_core.peers import share_of
from slora_core.types import Workload

SUMMED: Final = ("linear", "rff")
"""Operators whose fit is a sum over the pairs."""
TRAINED: Final = ("weaknonlinear",)
"""Operators that rank 0 trains for all: one sequence of steps, hence the same network to the bit on every rank."""


@dataclass(frozen=True, slots=True)
class Share:
    """Rank ``rank`` of ``size``."""

    rank: int = 0
    size: int = 1


WHOLE: Final = Share()


@dataclass(frozen=True, slots=True)
class ReceivedChoice:
    """A fit that rank 0 does: only its result is held."""


def own_workload(workload: Workload, share: Share) -> Workload:
    """The pairs, rows and classes of one rank; at least one of each that there is, so that it can be planned."""

    def part(count: int) -> int:
        start, stop = share_of(count, share.rank, share.size)
        return max(stop - start, min(count, 1))

    return replace(
        workload,
        pairs=part(workload.pairs),
        classes=part(workload.classes),
        evaluation_rows=part(workload.evaluation_rows),
        labelled_rows=part(workload.labelled_rows),
    )


def fit_workload(name: str, workload: Workload, share: Share) -> Workload:
    """What the fit of operator ``name`` reads on one rank."""
    return replace(workload, pairs=own_workload(workload, share).pairs) if name in SUMMED else workload


def move_workload(workload: Workload, share: Share) -> Workload:
    """What a move goes through on one rank: its classes, and all pairs."""
    return replace(workload, classes=own_workload(workload, share).classes)


def received(options: Sequence[Option]) -> tuple[Option, ...]:
    """The one way to take part in a fit that rank 0 does with one of ``options``."""
    seconds = min(option.seconds for option in options)
    return (Option(ReceivedChoice(), Footprint(kept=options[0].footprint.kept), seconds),)
