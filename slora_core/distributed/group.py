"""The peers of a rank over torch.distributed: gloo between hosts' memories, NCCL between cards of their own.

Sums travel to rank 0 one after another and are added in the order of ranks: an all-reduce is free to choose another
order, and then the last bits of a result are free as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor
from torch._C._distributed_c10d import Store

from slora_core.distributed.link import PulsingToken
from slora_core.distributed.place import Place
from slora_core.errors import PeerLost

T = TypeVar("T")

FOREVER: Final = timedelta(days=7)
"""Ranks wait for each other as long as it takes; that one is gone or hangs, the hub finds out."""
_STAGED_BYTES: Final = 4 * 1024**2


class Group:
    """Implements :class:`~slora_core.peers.Peers`. With gloo, tensors of a card pass through ``_STAGED_BYTES`` of host
    memory."""

    def __init__(self, place: Place, token: PulsingToken, *, nccl: bool) -> None:
        self.rank = place.rank
        self.size = place.size
        self.communicated_bytes = 0
        self._token = token
        self._nccl = nccl

    def add_up(self, total: Tensor, scratch: Tensor) -> None:
        rows = self.tell(len(scratch))
        parts = [slice(start, min(start + rows, len(total))) for start in range(0, len(total), rows)]
        if self.rank:
            for part in parts:
                self.send(total[part])
            return
        for rank in range(1, self.size):
            for part in parts:
                arriving = scratch[: len(total[part])]
                self.receive(rank, arriving)
                total[part].add_(arriving)

    def send(self, tensor: Tensor) -> None:
        with self._meeting(tensor.nbytes):
            self._in_pieces(tensor, lambda piece: dist.send(piece, 0), outwards=True)

    def receive(self, rank: int, out: Tensor) -> None:
        with self._meeting(out.nbytes):
            self._in_pieces(out, lambda piece: dist.recv(piece, rank), inwards=True)

    def spread(self, tensor: Tensor) -> None:
        first = self.rank == 0
        with self._meeting(tensor.nbytes * (self.size - 1 if first else 1)):
            self._in_pieces(tensor, lambda piece: dist.broadcast(piece, 0), outwards=first, inwards=not first)

    def tell(self, value: T) -> T:
        text = json.dumps(value).encode() if self.rank == 0 else b""
        data = self._told(text, 0)
        told: T = json.loads(data)
        return told

    def gather(self, value: T) -> list[T]:
        text = np.frombuffer(bytearray(json.dumps(value).encode()), np.uint8)
        sizes = self._all(np.array([len(text)], np.int64))
        padded = np.zeros(max(int(size[0]) for size in sizes), np.uint8)
        padded[: len(text)] = text
        rows = self._all(padded)
        return [json.loads(row[: int(size[0])].tobytes()) for row, size in zip(rows, sizes, strict=True)]

    def wait(self) -> None:
        self.gather(None)

    def _all(self, array: NDArray[Any]) -> list[NDArray[Any]]:
        rows = [np.empty_like(array) for _ in range(self.size)]
        with self._meeting(2 * array.nbytes * (self.size - 1)):
            dist.all_gather([torch.from_numpy(row) for row in rows], torch.from_numpy(array))
        return rows

    @contextmanager
    def busy(self) -> Iterator[None]:
        before, self._token.waiting = self._token.waiting, True
        try:
            yield
        finally:
            self._token.looked()
            self._token.waiting = before

    def _told(self, text: bytes, rank: int) -> bytes:
        """``text`` of ``rank``, everywhere. In memory of NumPy, which is no memory of the run's."""
        size = np.array([len(text)], np.int64)
        self._broadcast(size, rank)
        data = np.frombuffer(bytearray(text), np.uint8) if rank == self.rank else np.empty(int(size[0]), np.uint8)
        self._broadcast(data, rank)
        return data.tobytes()

    def _broadcast(self, array: NDArray[Any], rank: int) -> None:
        copies = self.size - 1 if rank == self.rank else 1
        with self._meeting(array.nbytes * copies):
            dist.broadcast(torch.from_numpy(array), rank)

    def _in_pieces(
        self, tensor: Tensor, move: Callable[[Tensor], Any], *, outwards: bool = False, inwards: bool = False
    ) -> None:
        """``move`` all of ``tensor``; what the backend cannot reach, piece by piece through host memory."""
        if not tensor.is_cuda or self._nccl:
            move(tensor)
            if tensor.is_cuda:
                torch.cuda.current_stream(tensor.device).synchronize()
            return
        flat = tensor.view(-1)
        length = max(1, _STAGED_BYTES // tensor.element_size())
        host = torch.empty(min(length, len(flat)), dtype=tensor.dtype)
        for start in range(0, len(flat), length):
            piece = flat[start : start + length]
            staged = host[: len(piece)]
            if outwards:
                staged.copy_(piece)
            move(staged)
            if inwards:
                piece.copy_(staged)

    @contextmanager
    def _meeting(self, moved_bytes: int) -> Iterator[None]:
        """Around everything that may wait for another rank."""
        self._token.raise_if_cancelled()
        try:
            with self.busy():
                yield
        except RuntimeError as error:
            self._token.raise_if_cancelled()
            raise PeerLost(f"rank {self.rank} lost its connection to another rank: {error}") from error
        self.communicated_bytes += moved_bytes


@contextmanager
def open_group(
    store: Store, place: Place, token: PulsingToken, *, nccl: bool, device: torch.device | None = None
) -> Iterator[Group]:
    """The process group of all ranks, for as long as the context lasts. Raises PeerLost."""
    token.waiting = True
    try:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if nccl else "gloo",
            store=store,
            rank=place.rank,
            world_size=place.size,
            timeout=FOREVER,
            device_id=device if nccl else None,
        )
    except RuntimeError as error:
        token.raise_if_cancelled()
        raise PeerLost(f"rank {place.rank} cannot meet the other ranks: {error}") from error
    finally:
        token.waiting = False
    try:
        yield Group(place, token, nccl=nccl)
    except BaseException:
        _leave()
        raise
    else:
        dist.destroy_process_group()


def _leave() -> None:
    """After an error: without waiting for anyone."""
    try:
        dist.destroy_process_group()
    except RuntimeError:
        return
