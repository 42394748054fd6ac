"""The open move that every sampling operator hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from slora_core.statistics.base import StateReader, StateWriter

Move: TypeAlias = Callable[[Sequence[int], StateReader, StateWriter], Mapping[int, float]]


class OpenMover(AbstractContextManager["OpenMover"]):
    """A ``Mover`` that lets go of its buffers when it is left, even if it is still named."""

    def __init__(self, batch_classes: int, move: Move) -> None:
        self.batch_classes = batch_classes
        self._move: Move | None = move

    def move(self, batch: Sequence[int], state: StateReader, out: StateWriter) -> Mapping[int, float]:
        if self._move is None:
            raise RuntimeError("this mover was left: its buffers are gone")
        return self._move(batch, state, out)

    def __exit__(self, *_: object) -> None:
        self._move = None
