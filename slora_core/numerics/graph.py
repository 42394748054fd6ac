"""Replays recorded work as a CUDA graph: one launch in place of hundreds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache

import torch


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One for the whole process: the matrix library keeps a workspace for every stream it has ever worked on."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class GraphedStep:
    """Calls ``step`` on ``device``; after ``warm_up_calls`` its recorded kernels on the same buffers.

    The first calls are steps like any other and let the libraries set themselves up. A step that cannot be recorded
    goes on being called as it is, and ``report`` is told why. Either way the numbers are the same. Other threads may
    use the device while a step is recorded.
    """

    def __init__(
        self, step: Callable[[], None], device: torch.device, report: Callable[[str], None], *, warm_up_calls: int = 3
    ) -> None:
        self._step = step
        current = torch.cuda.current_stream(device)
        on_default = current == torch.cuda.default_stream(device)
        self._stream = _side_stream(device) if on_default else current
        self._graph: torch.cuda.CUDAGraph | None = None
        self._calls = 0
        self._warm_up_calls = warm_up_calls
        self._report = report

    def __call__(self) -> None:
        self._calls += 1
        if self._calls == self._warm_up_calls + 1:
            self._record()
        if self._graph is not None:
            self._graph.replay()
        elif self._calls <= self._warm_up_calls and self._stream != torch.cuda.current_stream(self._stream.device):
            outer = torch.cuda.current_stream(self._stream.device)
            self._stream.wait_stream(outer)
            with torch.cuda.stream(self._stream):
                self._step()
            outer.wait_stream(self._stream)
        else:
            self._step()

    def _record(self) -> None:
        try:
            self._graph = _capture(self._step, self._stream)
        except RuntimeError as error:
            self._report(str(error).partition("\n")[0])


def _capture(step: Callable[[], None], stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
    """``torch.cuda.graph`` without its collection of garbage, which takes 50 ms."""
    graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
    stream.synchronize()
    torch.cuda.empty_cache()  # a recording takes from a pool of its own
    with torch.cuda.stream(stream):
        graph.capture_begin(pool=pool, capture_error_mode="thread_local")
        failure: BaseException | None = None
        try:
            step()
        except BaseException as error:
            failure = error
        try:
            graph.capture_end()
        except RuntimeError as error:
            _forget_capture(stream.device.index, pool)
            failure = failure or error
    if failure is not None:
        raise failure
    return graph


def _forget_capture(device: int, pool: tuple[int, int]) -> None:
    """A recording that cannot be ended counts as under way for ever, and until then the allocator releases nothing of
    what it has cached."""
    with suppress(RuntimeError):  # it has been ended after all, and only came to nothing
        torch._C._cuda_endAllocateToPool(device, pool)
        torch._C._cuda_releasePool(device, pool)
