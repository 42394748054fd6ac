"""Allocates a footprint: the planned buffers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

from slora_core.memory.footprint import Buffer, Footprint

_retained: ContextVar[list[Tensor] | None] = ContextVar("retained", default=None)


@contextmanager
def retaining() -> Iterator[None]:
    """Inside, closed workspaces keep their buffers alive to the end: a run without timely release, as the seed's."""
    token = _retained.set([])
    try:
        yield
    finally:
        _retained.reset(token)


class Workspace:
    """The live buffers of one stage, by name.

    ``kept`` and ``standing`` buffers exist from construction to :meth:`close`; phase buffers inside :meth:`phase`.
    ``take`` hands a kept buffer to its new owner. Contents are uninitialised.
    """

    def __init__(self, footprint: Footprint, device: torch.device) -> None:
        self.footprint = footprint
        self.device = device
        self._live: dict[str, Tensor] = {}
        self._phase = ""
        try:
            for buffer in footprint.kept + footprint.standing:
                self._allocate(buffer)
        except BaseException:
            self._live.clear()
            raise

    def __getitem__(self, name: str) -> Tensor:
        return self._live[name]

    def take(self, name: str) -> Tensor:
        tensor = self._live.pop(name)
        if (retained := _retained.get()) is not None:
            retained.append(tensor)
        return tensor

    @contextmanager
    def phase(self, name: str) -> Iterator[Workspace]:
        """The buffers of one phase, alone: a second phase inside it was not planned and raises ValueError."""
        if self._phase:
            raise ValueError(f"phase {name!r} opened inside phase {self._phase!r}: phases follow one another")
        buffers = self.footprint.phase_buffers(name)
        allocated: list[str] = []
        try:
            self._phase = name
            for buffer in buffers:
                self._allocate(buffer)
                allocated.append(buffer.name)
            yield self
        finally:
            self._phase = ""
            for buffer_name in allocated:
                self._live.pop(buffer_name, None)

    def close(self) -> None:
        if (retained := _retained.get()) is not None:
            retained.extend(self._live.values())
        self._live.clear()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _allocate(self, buffer: Buffer) -> None:
        if buffer.name in self._live:
            raise ValueError(f"buffer {buffer.name!r} is declared twice in one footprint")
        dtype = getattr(torch, buffer.dtype)
        if buffer.pinned:
            pin = self.device.type == "cuda"
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, pin_memory=pin)
        else:
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, device=self.device)
