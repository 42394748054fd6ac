"""The open move that every operator hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from slora_core.statistics.base import StateReader, StateWriter

Move: TypeAlias = Callable[[Sequence[int], StateReader, StateWriter], Mapping[int, float]]
"""Moves a batch of classes and returns the Cholesky jitter of those that needed one."""


class Doorway(Protocol):
    """Where classes come in and go out, as :class:`~slora_core.compensators.class_port.ClassPort`."""

    def expect(self, batch: Sequence[int], state: StateReader) -> None: ...

    def held_back(self) -> Sequence[int]:
        """Wait for everything under way; the classes that were not written, because what was moved is no good.

        Whoever moves them again does so with more care.
        """

    def close(self, *, failed: bool = False) -> None: ...


class OpenMover(AbstractContextManager["OpenMover"]):
    """A ``Mover`` that lets go of its buffers when it is left, even if it is still named.

    Leaving it waits until every moved class is written, and moves again what was held back; what failed in writing is
    raised then.
    """

    def __init__(self, batch_classes: int, move: Move, port: Doorway | None = None) -> None:
        self.batch_classes = batch_classes
        self.jitter: dict[int, float] = {}
        self._move: Move | None = move
        self._port = port
        self._ends: tuple[StateReader, StateWriter] | None = None

    def expect(self, batch: Sequence[int], state: StateReader) -> None:
        if self._port is not None:
            self._port.expect(batch, state)

    def move(self, batch: Sequence[int], state: StateReader, out: StateWriter) -> None:
        if self._move is None:
            raise RuntimeError("this mover was left: its buffers are gone")
        self._ends = state, out
        self.jitter.update(self._move(batch, state, out))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        failed = True
        try:
            if kind is None:
                self._move_again()
                failed = False
        finally:
            self._move = None
            port, self._port = self._port, None
            if port is not None:
                port.close(failed=failed)

    def _move_again(self) -> None:
        """One by one: what was held back for one class need not hold for its neighbours."""
        if self._port is None or self._ends is None:
            return
        for index in self._port.held_back():
            self.move((index,), *self._ends)
