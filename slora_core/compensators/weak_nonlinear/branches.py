"""Small work beside large work: on CUDA in streams of its own, which a captured graph keeps as branches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import torch

from slora_core.compensators.weak_nonlinear.plan import CUDA_GROUPS

_BRANCHES: Final = CUDA_GROUPS - 1
"""As many as the optimiser has work for beside its first group."""


class Branches:
    """On a CPU everything runs where it is written."""

    @contextmanager
    def open(self, number: int) -> Iterator[None]:
        """Work inside may run beside what follows, until :meth:`join` of the same ``number``."""
        yield

    def join(self, number: int) -> None:
        """What follows comes after the work of branch ``number``."""


class _CudaBranches(Branches):
    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._streams = _streams(device)

    @contextmanager
    def open(self, number: int) -> Iterator[None]:
        stream = self._streams[number]
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            yield

    def join(self, number: int) -> None:
        torch.cuda.current_stream(self._device).wait_stream(self._streams[number])


def open_branches(device: torch.device) -> Branches:
    return _CudaBranches(device) if device.type == "cuda" else Branches()


@cache
def _streams(device: torch.device) -> list[torch.cuda.Stream]:
    return [torch.cuda.Stream(device) for _ in range(_BRANCHES)]  # type: ignore[no-untyped-call]
