"""Classes between a state on the host and a move on the device: read ahead, written behind.

Beside a CUDA device a few threads read and write the state through pinned slots, while the device works: the next
batch is read during the present one, and a moved class is checked and written when its copy has arrived. With it come
the device's doubts: a class in doubt is held back instead of written, so that nobody has to wait for the device to ask
it. On a CPU everything happens at once, in the tensors themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeAlias

import torch
from torch import Tensor

from slora_core.compensators.class_port_plan import THREADS, WRITE_SLOTS
from slora_core.memory.workspace import Workspace
from slora_core.statistics.base import StateReader, StateWriter

_Reads: TypeAlias = tuple[int, list["Future[None]"]]


class ClassPort:
    """The doorway of up to ``batch`` classes at a time; buffers from ``class_port_buffers``."""

    def __init__(self, workspace: Workspace, batch: int) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._held_back: dict[int, list[float]] = {}
        if workspace.device.type != "cuda":
            return
        self._batch = batch
        self._dim = int(workspace["port_mean_in"].shape[1])
        self._means_in, self._covs_in = workspace["port_mean_in"], workspace["port_cov_in"]
        self._means_out, self._covs_out = workspace["port_mean_out"], workspace["port_cov_out"]
        self._doubts_out = workspace["port_doubt_out"]
        self._uploaded = [_event(workspace.device) for _ in range(2)]
        self._downloaded = [_event(workspace.device) for _ in range(WRITE_SLOTS)]
        self._writes: list[Future[None] | None] = [None] * WRITE_SLOTS
        self._expected: dict[tuple[int, ...], _Reads] = {}
        self._next_half = self._held_half = self._next_slot = 0
        self._pool = ThreadPoolExecutor(THREADS, "slora-classes")

    def expect(self, batch: Sequence[int], state: StateReader) -> None:
        """Begin to read the classes ``batch``, which will be asked for after the batch that is asked for next."""
        if self._pool is not None and batch:
            self._expected[tuple(batch)] = self._begin(self._pool, batch, state)

    def read(self, batch: Sequence[int], state: StateReader, mean: Tensor, cov: Tensor) -> None:
        """Means [B, d] and covariances [B, d, d] of the classes ``batch`` into device tensors."""
        if self._pool is None:
            for i, index in enumerate(batch):
                state.read(index, mean[i], cov[i])
            return
        key = tuple(batch)
        half, reads = self._expected.pop(key) if key in self._expected else self._begin(self._pool, batch, state)
        self._held_half = half
        for i, read in enumerate(reads):
            read.result()
            cov[i].copy_(self._covs_in[half * self._batch + i], non_blocking=True)
        mean.copy_(self._means_in[half * self._batch : half * self._batch + len(batch)], non_blocking=True)
        self._uploaded[half].record()

    def read_again(self, batch: Sequence[int], state: StateReader, cov: Tensor) -> None:
        """The covariances of the batch that was read last, into other memory."""
        if self._pool is None:
            for i, index in enumerate(batch):
                state.read(index, None, cov[i])
            return
        start = self._held_half * self._batch
        cov.copy_(self._covs_in[start : start + len(batch)], non_blocking=True)
        self._uploaded[self._held_half].record()

    def write(
        self, batch: Sequence[int], out: StateWriter, mean: Tensor, cov: Tensor, doubts: Tensor | None = None
    ) -> None:
        """Hand the moved classes to ``out``; beside a device this returns before they are written.

        A class whose row of ``doubts`` [B, DOUBTS] float32 is not all 0 is held back there.
        """
        for i, index in enumerate(batch):
            if self._pool is None:
                out.write(index, mean[i], cov[i])
            else:
                self._send(self._pool, index, out, mean[i], cov[i], None if doubts is None else doubts[i])

    def doubts(self) -> list[list[float]]:
        """Of every class that is known to be held back by now."""
        return list(self._held_back.values())

    def held_back(self) -> list[int]:
        """Wait for what is being written; the classes that were held back, once. Raises what a write raised."""
        if self._pool is not None:
            for write in self._writes:
                if write is not None:
                    write.result()
        found, self._held_back = sorted(self._held_back), {}
        return found

    def close(self, *, failed: bool = False) -> None:
        """Wait for everything under way. Raises what a write raised, unless something has ``failed`` before."""
        if self._pool is None:
            return
        self._pool.shutdown(cancel_futures=False)
        writes = [write for write in self._writes if write is not None]
        wait(writes)
        self._pool = None
        for write in writes:
            if not failed:
                write.result()

    def _begin(self, pool: ThreadPoolExecutor, batch: Sequence[int], state: StateReader) -> _Reads:
        half, self._next_half = self._next_half, 1 - self._next_half
        uploaded, first = self._uploaded[half], half * self._batch

        def read(index: int, slot: int) -> None:
            uploaded.synchronize()
            state.read(index, self._means_in[slot], self._covs_in[slot])

        return half, [pool.submit(read, index, slot) for slot, index in enumerate(batch, start=first)]

    def _send(  # noqa: PLR0917
        self, pool: ThreadPoolExecutor, index: int, out: StateWriter, mean: Tensor, cov: Tensor, doubt: Tensor | None
    ) -> None:
        slot, self._next_slot = self._next_slot, (self._next_slot + 1) % WRITE_SLOTS
        previous = self._writes[slot]
        if previous is not None:
            previous.result()
        mean_host, cov_host, arrived = self._means_out[slot], self._covs_out[slot], self._downloaded[slot]
        doubt_host = self._doubts_out[slot]
        mean_host.copy_(mean, non_blocking=True)
        cov_host.copy_(cov, non_blocking=True)
        if doubt is not None:
            doubt_host.copy_(doubt, non_blocking=True)
        arrived.record()

        def write() -> None:
            arrived.synchronize()
            if doubt is not None and any(doubt_host.tolist()):
                self._held_back[index] = doubt_host.tolist()
            else:
                out.write(index, mean_host, cov_host)

        self._writes[slot] = pool.submit(write)


def _event(device: torch.device) -> torch.Event:
    event = torch.Event(device=device)
    event.record()
    return event
