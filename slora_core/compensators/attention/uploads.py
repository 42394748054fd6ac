"""Copies from pinned host memory into slots of a CUDA device, beside what the device works on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor


class Uploads(Protocol):
    """Fills numbered slots of a device, in the order in which it is told to.

    ``spend`` and the ``device`` side belong to the thread that works on the slots; another may ``copy``.
    """

    def enter_thread(self) -> None:
        """First of all in a thread that copies."""

    def spend(self, slot: int) -> None:
        """What the device has been told to do so far comes before what is copied into ``slot`` next."""

    def copy(self, slot: int, rows: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Each (target on the device, source on the host) of ``slot``; returns while they are under way."""

    def await_on_host(self, slot: int) -> None:
        """Wait for the last copies into ``slot``: their sources may be written again."""

    def await_on_device(self, slot: int) -> None:
        """What the device is told to do from now on comes after the last copies into ``slot``."""

    def close(self) -> None:
        """What the device is told to do from now on comes after all copies."""


class CopyStream:
    """:class:`Uploads` through a stream of its own."""

    def __init__(self, device: torch.device, slots: int) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # A host that waits for an arrival lets others have its core.
        self._arrived = [torch.cuda.Event(blocking=True) for _ in range(slots)]  # type: ignore[no-untyped-call]
        self._spent = [torch.cuda.Event() for _ in range(slots)]  # type: ignore[no-untyped-call]

    def enter_thread(self) -> None:
        """A new thread would start on the first device."""
        torch.cuda.set_device(self._stream.device)

    def spend(self, slot: int) -> None:
        self._spent[slot].record(torch.cuda.current_stream(self._device))

    def copy(self, slot: int, rows: Iterable[tuple[Tensor, Tensor]]) -> None:
        self._stream.wait_event(self._spent[slot])
        with torch.cuda.stream(self._stream):
            for target, source in rows:
                target.copy_(source, non_blocking=True)
            self._arrived[slot].record(self._stream)

    def await_on_host(self, slot: int) -> None:
        self._arrived[slot].synchronize()

    def await_on_device(self, slot: int) -> None:
        torch.cuda.current_stream(self._device).wait_event(self._arrived[slot])

    def close(self) -> None:
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
