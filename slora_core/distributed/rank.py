"""One rank of a distributed run, from its place to its last word."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from slora_core import pipeline
from slora_core.config import RunConfig
from slora_core.distributed.group import open_group
from slora_core.distributed.hub import HubAddress
from slora_core.distributed.link import HubLink, PulsingToken
from slora_core.distributed.place import Place
from slora_core.errors import ConfigError, PeerLost, RunCancelled
from slora_core.events import Event, RunCancelledEvent
from slora_core.memory.devices import resolve_device
from slora_core.streams.streaming import FinalGate, failure_of
from slora_core.types import GIB

CONTEXT_BYTES: Final = GIB
"""What a process takes of a card beside its pool, at most: context and libraries."""
MOST_BEAT_S: Final = 1.0
_HUB_KEY: Final = "hub"


@dataclass(frozen=True, slots=True)
class _Assignment:
    """The configuration of one rank, its device, and whether the device is its own."""

    config: RunConfig
    device: torch.device
    alone: bool


def run_rank(config: RunConfig, place: Place, hub: HubAddress | None) -> int:
    """Do the part of ``place`` in ``config``; returns the exit status of the process.

    ``hub`` None asks rank 0 for it. 0 also stands for a failure that was reported: only a rank that is lost, or was
    told to end because another is, has another status, so that the launcher starts all ranks again for that alone.
    """
    settings = config.distributed
    if place.one_host and sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    token = PulsingToken()
    store, address = _meet(place, hub, settings.timeout_s)
    beat_s = min(MOST_BEAT_S, settings.timeout_s / 4)
    link = HubLink(address, place, token, grace_s=settings.grace_s, beat_s=beat_s)
    gate = FinalGate(link.emit)
    final: Event | None = None
    try:
        with _terminated_by(link):
            assignment = _assign(config, place)
            nccl = _agree_on_nccl(store, place, assignment)
            with open_group(store, place, token, nccl=nccl, device=assignment.device) as group:
                group.wait()  # the clocks of all ranks start here
                pipeline.execute(assignment.config, gate, token, group)
                group.wait()
    except RunCancelled:
        final = RunCancelledEvent(gate.trace.now_s, gate.trace.stage)
    except BaseException as error:
        final = failure_of(error, gate.trace.now_s)
    link.end(final)
    link.close()
    return link.exit_code


def _meet(place: Place, hub: HubAddress | None, timeout_s: float) -> tuple[Store, HubAddress]:
    """The store of the launcher, and through it the hub's address."""
    timeout = timedelta(seconds=timeout_s)
    try:
        whole = next(iter(rendezvous("env://", place.rank, place.size, timeout=timeout)))[0]
        store = PrefixStore(f"slora/{place.attempt}", whole)  # an earlier attempt has left its addresses
        if hub is not None:
            store.set(_HUB_KEY, json.dumps(hub.to_dict()))
        else:
            hub = HubAddress(**json.loads(store.get(_HUB_KEY)))
    except RuntimeError as error:
        raise PeerLost(f"rank {place.rank} cannot meet the other ranks: {error}") from error
    return store, hub


def _assign(config: RunConfig, place: Place) -> _Assignment:
    """Card ``local_rank`` where none is named; its share of the cores; its share of a card that others use as well."""
    device, sharers = _own_device(config.run.device, place)
    changes: dict[str, dict[str, object]] = {"run": {"device": str(device)}}
    if config.run.threads == 0:
        changes["run"]["threads"] = max(1, _cores() // place.local_size)
    if device.type == "cuda":
        torch.cuda.set_device(device)
        if sharers > 1 and config.memory.budget is None:
            total = torch.cuda.get_device_properties(device).total_memory
            changes["memory"] = {"budget": total // sharers - CONTEXT_BYTES}
    return _Assignment(config.merged(changes), device, alone=sharers == 1)


def _own_device(name: str, place: Place) -> tuple[torch.device, int]:
    """The device of this rank, and how many ranks use it."""
    device = resolve_device(name)
    if device.type == "cpu":
        return device, place.local_size
    if name not in ("auto", "cuda"):
        return device, place.local_size
    cards = torch.cuda.device_count()
    index = place.local_rank % cards
    return torch.device("cuda", index), len(range(index, place.local_size, cards))


def _agree_on_nccl(store: Store, place: Place, assignment: _Assignment) -> bool:
    """NCCL needs a card for every rank, and every rank must use it."""
    backend = assignment.config.distributed.backend
    can = assignment.device.type == "cuda" and assignment.alone and dist.is_nccl_available()
    store.set(f"nccl/{place.rank}", "1" if can else "")
    able = all(store.get(f"nccl/{rank}") == b"1" for rank in range(place.size))
    if backend == "nccl" and not able:
        raise ConfigError(
            "distributed.backend = 'nccl': expected a CUDA card for every rank",
            "run fewer ranks, or set distributed.backend to auto or gloo",
        )
    return able and backend != "gloo"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _terminated_by(link: HubLink) -> Iterator[None]:
    """A launcher that ends this rank sends a signal: whatever is half-written is taken away first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: link.terminate()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
