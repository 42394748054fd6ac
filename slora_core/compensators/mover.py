"""The open move that every operator hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from slora_core.statistics.base import StateReader, StateWriter

Move: TypeAlias = Callable[[Sequence[int], StateReader, StateWriter], Mapping[int, float]]


class Doorway(Protocol):
    """Where classes come in and go out, as :class:`~slora_core.compensators.class_port.ClassPort`."""

    def expect(self, batch: Sequence[int], state: StateReader) -> None: ...

    def close(self, *, failed: bool = False) -> None: ...


class OpenMover(AbstractContextManager["OpenMover"]):
    """A ``Mover`` that lets go of its buffers when it is left, even if it is still named.

    Leaving it waits until every moved class is written; what failed in writing is raised then.
    """

    def __init__(self, batch_classes: int, move: Move, port: Doorway | None = None) -> None:
        self.batch_classes = batch_classes
        self._move: Move | None = move
        self._port = port

    def expect(self, batch: Sequence[int], state: StateReader) -> None:
        if self._port is not None:
            self._port.expect(batch, state)

    def move(self, batch: Sequence[int], state: StateReader, out: StateWriter) -> Mapping[int, float]:
        if self._move is None:
            raise RuntimeError("this mover was left: its buffers are gone")
        return self._move(batch, state, out)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._move = None
        port, self._port = self._port, None
        if port is not None:
            port.close(failed=kind is not None)
