"""Allocates a footprint: the planned buffers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

from slora_core.memory.footprint import CUDA_ROUNDING_BYTES, Buffer, Footprint
from slora_core.memory.host_count import count_host_bytes

_retained: ContextVar[list[Tensor] | None] = ContextVar("retained", default=None)


@contextmanager
def retaining() -> Iterator[None]:
    """Inside, closed workspaces keep their buffers alive to the end: a run without timely release, as the seed's."""
    token = _retained.set([])
    try:
        yield
    finally:
        _retained.reset(token)


@contextmanager
def releasing() -> Iterator[None]:
    """Inside, closed workspaces let go of their buffers, also in a run that retains them."""
    token = _retained.set(None)
    try:
        yield
    finally:
        _retained.reset(token)


class Workspace:
    """The live buffers of one stage, by name.

    ``kept`` and ``standing`` buffers exist from construction to :meth:`close`; phase buffers inside :meth:`phase`.
    ``take`` hands a kept buffer to its new owner. Contents are uninitialised.

    On a CPU every buffer is an allocation of its own. On CUDA (``arenas``) the kept buffers are cut from one block and
    all others from another, where the phases lie over one another: the pool then reserves what was planned and nothing
    is left over between blocks. The pool is emptied first, once a stage, so that what earlier stages left behind
    does not count.
    """

    def __init__(self, footprint: Footprint, device: torch.device, *, arenas: bool | None = None) -> None:
        self.footprint = footprint
        self.device = device
        self._live: dict[str, Tensor] = {}
        self._phase = ""
        self._pinned_bytes: dict[str, int] = {}
        self._arena: _Arena | None = None
        try:
            if arenas if arenas is not None else device.type == "cuda":
                self._open_arenas()
            for buffer in footprint.standing if self._arena else footprint.kept + footprint.standing:
                self._allocate(buffer)
        except BaseException:
            self.close()
            raise

    def __getitem__(self, name: str) -> Tensor:
        return self._live[name]

    def take(self, name: str) -> Tensor:
        tensor = self._live.pop(name)
        if (retained := _retained.get()) is not None:
            retained.append(tensor)
        return tensor

    def make_room(self) -> None:
        """Let a CUDA device's pool reserve now what the libraries will take in this stage, as one block, which it then
        has to cut their pieces from."""
        if self.device.type == "cuda" and self.footprint.workspace_bytes:
            torch.empty(self.footprint.workspace_bytes, dtype=torch.uint8, device=self.device)

    @contextmanager
    def phase(self, name: str) -> Iterator[Workspace]:
        """The buffers of one phase, alone: a second phase inside it was not planned and raises ValueError."""
        if self._phase:
            raise ValueError(f"phase {name!r} opened inside phase {self._phase!r}: phases follow one another")
        buffers = self.footprint.phase_buffers(name)
        allocated: list[str] = []
        start = self._arena.used_bytes if self._arena else 0
        try:
            self._phase = name
            for buffer in buffers:
                self._allocate(buffer)
                allocated.append(buffer.name)
            yield self
        finally:
            self._phase = ""
            for buffer_name in allocated:
                self._release(buffer_name)
            if self._arena:
                self._arena.used_bytes = start

    def close(self) -> None:
        if (retained := _retained.get()) is not None:
            retained.extend(self._live.values())
        for name in list(self._live):
            self._release(name)
        self._arena = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_arenas(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        peak, kept = self.footprint.arena_totals()
        self._arena = _Arena(kept, self.device)
        for buffer in self.footprint.kept:
            self._allocate(buffer)
        self._arena = _Arena(peak - kept - self.footprint.workspace_bytes, self.device)

    def _allocate(self, buffer: Buffer) -> None:
        if buffer.name in self._live:
            raise ValueError(f"buffer {buffer.name!r} is declared twice in one footprint")
        dtype = getattr(torch, buffer.dtype)
        if buffer.pinned:
            pin = self.device.type == "cuda"
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, pin_memory=pin)
            self._pinned_bytes[buffer.name] = buffer.size_bytes()
            count_host_bytes(buffer.size_bytes())
        elif self._arena:
            self._live[buffer.name] = self._arena.cut(buffer, dtype)
        else:
            self._live[buffer.name] = torch.empty(buffer.shape, dtype=dtype, device=self.device)

    def _release(self, name: str) -> None:
        self._live.pop(name, None)
        count_host_bytes(-self._pinned_bytes.pop(name, 0))


class _Arena:
    """One block of the device, cut from its beginning."""

    def __init__(self, size_bytes: int, device: torch.device) -> None:
        self._block = torch.empty(size_bytes, dtype=torch.uint8, device=device)
        self.used_bytes = 0

    def cut(self, buffer: Buffer, dtype: torch.dtype) -> Tensor:
        start = self.used_bytes
        self.used_bytes += buffer.size_bytes(CUDA_ROUNDING_BYTES)
        return self._block[start : start + buffer.size_bytes()].view(dtype).view(buffer.shape)
