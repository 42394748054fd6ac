"""Replays one training step as a CUDA graph: one launch in place of some fifty."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import torch

WARM_UP_CALLS: Final = 3


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One for the whole process: the matrix library keeps a workspace for every stream it has ever worked on."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class GraphedStep:
    """Calls ``step`` on ``device``; from the fourth call on, its recorded kernels on the same buffers.

    The first calls are steps like any other and let the libraries set themselves up. A step that cannot be recorded
    goes on being called as it is, and ``report`` is told why. Either way the numbers are the same.
    """

    def __init__(self, step: Callable[[], None], device: torch.device, report: Callable[[str], None]) -> None:
        self._step = step
        current = torch.cuda.current_stream(device)
        on_default = current == torch.cuda.default_stream(device)
        self._stream = _side_stream(device) if on_default else current
        self._graph: torch.cuda.CUDAGraph | None = None
        self._calls = 0
        self._report = report

    def __call__(self) -> None:
        self._calls += 1
        if self._calls == WARM_UP_CALLS + 1:
            self._record()
        if self._graph is not None:
            self._graph.replay()
        elif self._calls <= WARM_UP_CALLS and self._stream != torch.cuda.current_stream(self._stream.device):
            outer = torch.cuda.current_stream(self._stream.device)
            self._stream.wait_stream(outer)
            with torch.cuda.stream(self._stream):
                self._step()
            outer.wait_stream(self._stream)
        else:
            self._step()

    def _record(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self._stream):
                self._step()
        except RuntimeError as error:
            self._report(str(error).partition("\n")[0])
        else:
            self._graph = graph
