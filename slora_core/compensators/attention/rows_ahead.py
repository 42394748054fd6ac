"""Rows of pairs that a thread reads into host memory, and sends on to a device, before they are asked for."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, NamedTuple

from torch import Tensor

from slora_core.compensators.attention.requests import Request
from slora_core.compensators.attention.uploads import Uploads
from slora_core.context import RunContext
from slora_core.numerics.tiles import Tiling
from slora_core.sources.base import Pairs

POLL_S: Final = 0.02
"""Between two looks at the cancel token while a read is waited for."""


class RowSlots(NamedTuple):
    """Rows before and after the task of a few tiles, [slots, w, d] each."""

    before: Tensor
    after: Tensor


class RowsAhead:
    """Reads the rows of tiles through the slots ``host`` into the slots ``device``, in the order of :meth:`begin`.

    Padded rows are left as they are. Rows after the task are read for drift alone.
    """

    def __init__(self, pairs: Pairs, tiling: Tiling, host: RowSlots, device: RowSlots, uploads: Uploads) -> None:
        self._pairs = pairs
        self._tiling = tiling
        self._host = host
        self._device = device
        self._uploads = uploads
        self._thread = ThreadPoolExecutor(1, "slora-keys", initializer=uploads.enter_thread)
        self._last: Future[None] | None = None

    def begin(self, request: Request, slot: int) -> None:
        """After everything begun before, which goes on even when nobody will ask for it."""
        self._uploads.spend(slot)
        self._last = self._thread.submit(self._read, request, slot)

    def finish(self, ctx: RunContext) -> None:
        """Wait until what was begun last is on its way to the device, and answer a cancel meanwhile.

        Raises what reading it raised.
        """
        last, self._last = self._last, None
        if last is None:
            raise RuntimeError("no read was begun")
        while not last.done():
            ctx.checkpoint()
            wait((last,), POLL_S)
        last.result()

    def close(self) -> None:
        """Wait for the read under way, whose errors nobody asks for, and drop those that wait behind it."""
        self._thread.shutdown(cancel_futures=True)
        self._last = None

    def _read(self, request: Request, slot: int) -> None:
        start, width, padding = request.tile.start, self._tiling.width, self._tiling.padding
        empty = max(0, padding - start)
        before, after = (
            (device[slot, empty:], host[slot, empty:]) for device, host in zip(self._device, self._host, strict=True)
        )
        both = request.kind != "keys"
        self._uploads.await_on_host(slot)
        self._pairs.read(start + empty - padding, start + width - padding, before[1], after[1] if both else None)
        self._uploads.copy(slot, (before, after) if both else (before,))
