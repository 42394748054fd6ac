"""The processes that share a run, as a stage sees them: its share of the work, and sums in the order of ranks.

A stage receives its share as an argument and puts its part together with the others' through :class:`Peers`. Alone,
a process has everything and nothing moves. Torch-free.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


class Peers(Protocol):
    """``size`` processes, of which this one is ``rank``. Every rank calls the methods in the same order.

    Values are what JSON can hold. Raises PeerLost when another rank is gone.
    """

    @property
    def rank(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def communicated_bytes(self) -> int:
        """Sent and received by this rank so far."""

    def add_up(self, total: Tensor, scratch: Tensor) -> None:
        """Add the ``total`` [R, d] of every rank to that of rank 0, one after another in the order of ranks.

        ``scratch`` [m, d] of the same dtype and device, m >= 1, receives m rows at a time; contents of both are
        undefined on other ranks afterwards.
        """

    def send(self, tensor: Tensor) -> None:
        """Send ``tensor`` to rank 0, which asks for it with :meth:`receive`."""

    def receive(self, rank: int, out: Tensor) -> None:
        """What ``rank`` sends next, into ``out`` of the same shape and dtype."""

    def spread(self, tensor: Tensor) -> None:
        """``tensor`` of rank 0 into that of every rank, to the bit."""

    def tell(self, value: T) -> T:
        """The value of rank 0, on every rank."""

    def gather(self, value: T) -> list[T]:
        """The values of all ranks in their order, on every rank."""

    def wait(self) -> None:
        """Until every rank is here."""

    def busy(self) -> AbstractContextManager[None]:
        """Around work that cannot tell how it gets on, such as a file system's: it does not count as hanging."""


class _Alone:
    """The peers of a run of one process."""

    rank: Final = 0
    size: Final = 1
    communicated_bytes: Final = 0

    def add_up(self, total: Tensor, scratch: Tensor) -> None:
        return

    def send(self, tensor: Tensor) -> None:
        raise RuntimeError("a process alone has nobody to send to")

    def receive(self, rank: int, out: Tensor) -> None:
        raise RuntimeError("a process alone has nobody to receive from")

    def spread(self, tensor: Tensor) -> None:
        return

    def tell(self, value: Any) -> Any:
        return value

    def gather(self, value: Any) -> Any:
        return [value]

    def wait(self) -> None:
        return

    def busy(self) -> AbstractContextManager[None]:
        return nullcontext()


ALONE: Final[Peers] = _Alone()


def share_of(count: int, rank: int, size: int) -> tuple[int, int]:
    """Start and stop of the share of ``rank`` in ``count`` rows or classes: shares differ by one at most."""
    return rank * count // size, (rank + 1) * count // size


def own_share(items: Sequence[T], peers: Peers) -> Sequence[T]:
    """This rank's part of ``items``, in order; empty when there are more ranks than items."""
    start, stop = share_of(len(items), peers.rank, peers.size)
    return items[start:stop]
