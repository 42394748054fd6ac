"""Rows of pairs read into host memory by a thread, before they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from torch import Tensor

from slora_core.compensators.attention.requests import Request
from slora_core.context import RunContext
from slora_core.numerics.tiles import Tiling
from slora_core.sources.base import Pairs

POLL_S: Final = 0.02
"""Between two looks at the cancel token while a read is waited for."""


class RowsAhead:
    """Reads the rows of tiles into host slots ``before`` and ``after`` [slots, w, d], in the order of :meth:`begin`.

    All in its thread: ``enter`` comes first; for every tile ``await_free(slot)`` returns when the slot may be written,
    and ``send(request, slot)`` passes on what was read. Padded rows are left as they are; rows after the task are
    read for drift alone.
    """

    def __init__(
        self,
        pairs: Pairs,
        tiling: Tiling,
        before: Tensor,
        after: Tensor,
        *,
        enter: Callable[[], None],
        await_free: Callable[[int], None],
        send: Callable[[Request, int], None],
    ) -> None:
        self._pairs = pairs
        self._tiling = tiling
        self._before = before
        self._after = after
        self._await_free = await_free
        self._send = send
        self._thread = ThreadPoolExecutor(1, "slora-keys", initializer=enter)
        self._last: Future[None] | None = None

    def begin(self, request: Request, slot: int) -> None:
        """After everything begun before, which goes on even when nobody will ask for it."""
        self._last = self._thread.submit(self._read, request, slot)

    def finish(self, ctx: RunContext) -> None:
        """Wait for what was begun last, and answer a cancel meanwhile. Raises what reading it raised."""
        if self._last is None:
            raise RuntimeError("no read was begun")
        while not self._last.done():
            ctx.checkpoint()
            wait((self._last,), POLL_S)
        self._last.result()

    def close(self) -> None:
        """Wait for the read under way, whose errors nobody asks for, and drop those that wait behind it."""
        self._thread.shutdown(cancel_futures=True)

    def _read(self, request: Request, slot: int) -> None:
        self._await_free(slot)
        start, width, padding = request.tile.start, self._tiling.width, self._tiling.padding
        empty = max(0, padding - start)
        self._pairs.read(
            start + empty - padding,
            start + width - padding,
            self._before[slot, empty:],
            None if request.kind == "keys" else self._after[slot, empty:],
        )
        self._send(request, slot)
