"""What a source is to the pipeline: sizes first, then a probe, then rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from slora_core.context import RunContext
from slora_core.features.feed import Feed
from slora_core.peers import ALONE, Peers
from slora_core.sources.probed import PlannedForward, Probed
from slora_core.sources.rounds import Round
from slora_core.statistics.base import StateReader
from slora_core.types import Workload

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class OpenSource:
    """``tasks`` rounds, made one after another as they are asked for.

    ``states`` are the old classes before the first round, by operator; ``""`` is the one for every other operator.
    """

    tasks: int
    rounds: Iterator[Round]
    states: Mapping[str, StateReader]


class Source(Protocol):
    """Where the pairs of a run come from. The methods are called once each, in this order."""

    def workloads(self) -> tuple[Workload, ...]:
        """One a round, without computing anything. Raises InputError and ConfigError."""

    def probe(self, device: torch.device, peers: Peers = ALONE) -> Probed:
        """Measure what cannot be declared, on small batches, as one of ``peers``."""

    def open(
        self, ctx: RunContext, planned: Callable[[int], PlannedForward], feed: Feed | None = None
    ) -> AbstractContextManager[OpenSource]:
        """Everything the run reads stays open inside; ``planned(task)`` says how features are extracted.

        With a ``feed``, which runs alone have that the planner lets stream, rows go there instead of into files.
        """

    def close(self) -> None:
        """Let go of what the probe has loaded; also called when the run was refused."""
