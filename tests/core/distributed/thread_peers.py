"""Ranks as threads of one process: the same protocol as over a network, at no cost."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from queue import SimpleQueue

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.events import RunFinished


class Room:
    def __init__(self, size):
        self.size = size
        self.barrier = threading.Barrier(size, timeout=60)
        self.slots = [None] * size
        self.queues = [SimpleQueue() for _ in range(size)]


class ThreadPeers:
    """Sends copies, so that a rank that goes on changing its tensor is found out."""

    def __init__(self, rank, room):
        self.rank = rank
        self.size = room.size
        self.communicated_bytes = 0
        self._room = room

    def gather(self, value):
        self._room.slots[self.rank] = json.dumps(value)
        self._room.barrier.wait()
        values = [json.loads(slot) for slot in self._room.slots]
        self._room.barrier.wait()
        return values

    def tell(self, value):
        return self.gather(value if self.rank == 0 else None)[0]

    def wait(self):
        self.gather(None)

    def busy(self):
        return nullcontext()

    def send(self, tensor):
        assert self.rank > 0
        self.communicated_bytes += tensor.nbytes
        self._room.queues[self.rank].put(tensor.detach().clone())

    def receive(self, rank, out):
        assert self.rank == 0
        sent = self._room.queues[rank].get(timeout=60)
        assert sent.shape == out.shape
        assert sent.dtype == out.dtype
        self.communicated_bytes += out.nbytes
        out.copy_(sent)

    def add_up(self, total, scratch):
        rows = self.tell(len(scratch))
        for start in range(0, len(total), rows):
            if self.rank:
                self.send(total[start : start + rows])
        for rank in range(1, self.size) if self.rank == 0 else ():
            for start in range(0, len(total), rows):
                part = total[start : start + rows]
                self.receive(rank, scratch[: len(part)])
                part.add_(scratch[: len(part)])

    def spread(self, tensor):
        if self.rank == 0:
            self._room.slots[0] = tensor
        self._room.barrier.wait()
        if self.rank:
            tensor.copy_(self._room.slots[0])
        self._room.barrier.wait()


def run_ranks(config, size):
    """The events of each of ``size`` ranks, and what each raised or None."""
    room = Room(size)
    events, errors = [[] for _ in range(size)], [None] * size

    def work(rank):
        try:
            pipeline.execute(config, events[rank].append, CancelToken(), ThreadPeers(rank, room))
        except BaseException as error:
            errors[rank] = error
            room.barrier.abort()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return events, errors


def finished(config, size):
    """The events of each rank of a run that must finish."""
    events, errors = run_ranks(config, size)
    assert errors == [None] * size, errors
    assert all(isinstance(own[-1], RunFinished) for own in events)
    return events
