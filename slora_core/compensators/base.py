"""The contract of every transition operator: ``fit(pairs) -> transition``; ``transition`` moves class statistics.

Planning and computing are apart: ``plan.py`` of an operator lists its options without torch, ``operator.py`` runs the
option it is given, in exactly the buffers of that option's footprint. Shares are arguments: rows for a fit, classes
for a move, so that several processes can split either.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from slora_core.context import RunContext
from slora_core.memory.plan import Option
from slora_core.numerics.noise import Noise
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter


class Mover(Protocol):
    """An open move: its workspace is allocated and serves batch after batch."""

    @property
    def batch_classes(self) -> int:
        """Classes handed to one :meth:`move` call at most."""

    def expect(self, batch: Sequence[int], state: StateReader) -> None:
        """The classes ``batch`` will be moved after the next ones: they may be read ahead."""

    @property
    def jitter(self) -> Mapping[int, float]:
        """The Cholesky jitter of the classes that needed one; complete when the mover is left."""

    def move(self, batch: Sequence[int], state: StateReader, out: StateWriter) -> None:
        """Move the classes ``batch`` (numbers 0..C-1). They may be written later, when the mover is left at the
        latest."""


@dataclass(frozen=True, slots=True)
class FitOrigin:
    """What a transition was fitted on: N pairs of d features, under these settings of its operator."""

    pairs: int
    dim: int
    settings: Mapping[str, Any]


class Transition(ABC):
    """A fitted operator. Holds the ``kept`` buffers of its fit until :meth:`close`.

    ``origin`` is known of one that is handed to a caller, who may give it back with something else.
    """

    origin: FitOrigin | None = None

    @abstractmethod
    def mover(self, ctx: RunContext, option: Option, noise: Noise | None) -> AbstractContextManager[Mover]:
        """Allocate the move's workspace for ``option`` of this operator's ``move_options``."""

    @abstractmethod
    def close(self) -> None:
        """Release the fitted buffers."""


class Compensator(ABC):
    """An operator before its fit. Operators that need samples read them from the noise given to the mover."""

    @abstractmethod
    def fit(self, ctx: RunContext, pairs: Pairs, option: Option) -> Transition:
        """Fit on all pairs with ``option`` of this operator's ``fit_options``; opens no stage of its own."""


Fitted_co = TypeVar("Fitted_co", bound=Transition, covariant=True)


class Summing(Protocol[Fitted_co]):
    """An open fit that is a sum over the pairs: each is looked at once, in the order in which they come."""

    def add(self, pairs: Pairs) -> None:
        """More pairs, in pieces of any number. Advances by them."""

    def finish(self) -> Fitted_co:
        """The operator fitted on everything that was added, on all ranks."""


class SummingCompensator(Compensator, ABC, Generic[Fitted_co]):
    """A compensator whose pairs need not be kept: they may come as they are extracted, once."""

    @abstractmethod
    def summing(self, ctx: RunContext, option: Option) -> AbstractContextManager[Summing[Fitted_co]]:
        """Allocate the workspace of ``option`` of this operator's ``fit_options``; opens no stage of its own."""

    def fit(self, ctx: RunContext, pairs: Pairs, option: Option) -> Fitted_co:
        with self.summing(ctx, option) as sums:
            sums.add(pairs)
            return sums.finish()
