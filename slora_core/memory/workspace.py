"""Allocates a footprint: the planned buffers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from slora_core.memory.footprint import Buffer, Footprint


class Workspace:
    """The live buffers of one stage, by name.

    ``kept`` and ``standing`` buffers exist from construction to :meth:`close`; phase buffers inside :meth:`phase`.
    ``take`` hands a kept buffer to its new owner. Contents are uninitialised.
    """

    def __init__(self, footprint: Footprint, device: torch.device) -> None:
        self.footprint = footprint
        self.device = device
        self._live: dict[str, Tensor] = {}
        try:
            for buffer in footprint.kept + footprint.standing:
                self._allocate(buffer)
        except BaseException:
            self._live.clear()
            raise

    def __getitem__(self, name: str) -> Tensor:
        return self._live[name]

    def take(self, name: str) -> Tensor:
        return self._live.pop(name)

    @contextmanager
    def phase(self, name: str) -> Iterator[Workspace]:
        buffers = self.footprint.phase_buffers(name)
        try:
            for buffer in buffers:
                self._allocate(buffer)
            yield self
        finally:
            for buffer in buffers:
                self._live.pop(buffer.name, None)

    def close(self) -> None:
        self._live.clear()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _allocate(self, buffer: Buffer) -> None:
        dtype = getattr(torch, buffer.dtype)
        if buffer.pinned:
            pin = self.device.type == "cuda"
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, pin_memory=pin)
        else:
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, device=self.device)
