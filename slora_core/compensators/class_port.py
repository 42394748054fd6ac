"""Classes between a state on the host and a move on the device: read ahead, written behind.

Beside a CUDA device a few threads read and write the state through pinned slots, while the device works: the next
batch is read during the present one, and a moved class is checked and written when its copy has arrived. On a CPU
everything happens at once, in the tensors themselves.
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
        if workspace.device.type != "cuda":
            return
        self._batch = batch
        self._dim = int(workspace["port_mean_in"].shape[1])
        self._means_in, self._covs_in = workspace["port_mean_in"], workspace["port_cov_in"]
        self._means_out, self._covs_out = workspace["port_mean_out"], workspace["port_cov_out"]
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

    def write(self, batch: Sequence[int], out: StateWriter, mean: Tensor, cov: Tensor) -> None:
        """Hand the moved classes to ``out``; beside a device this returns before they are written."""
        for i, index in enumerate(batch):
            if self._pool is None:
                out.write(index, mean[i], cov[i])
            else:
                self._send(self._pool, index, out, mean[i], cov[i])

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
        self._uploaded[half].synchronize()
        first = half * self._batch
        slots = [(self._means_in[first + i], self._covs_in[first + i]) for i in range(len(batch))]
        return half, [pool.submit(state.read, index, *slot) for index, slot in zip(batch, slots, strict=True)]

    def _send(self, pool: ThreadPoolExecutor, index: int, out: StateWriter, mean: Tensor, cov: Tensor) -> None:
        slot, self._next_slot = self._next_slot, (self._next_slot + 1) % WRITE_SLOTS
        previous = self._writes[slot]
        if previous is not None:
            previous.result()
        mean_host, cov_host, arrived = self._means_out[slot], self._covs_out[slot], self._downloaded[slot]
        mean_host.copy_(mean, non_blocking=True)
        cov_host.copy_(cov, non_blocking=True)
        arrived.record()

        def write() -> None:
            arrived.synchronize()
            out.write(index, mean_host, cov_host)

        self._writes[slot] = pool.submit(write)


def _event(device: torch.device) -> torch.Event:
    event = torch.Event(device=device)
    event.record()
    return event
