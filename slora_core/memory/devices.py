"""Compute devices: finding one, describing it for the planner, capping its pool."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import psutil
import torch

from slora_core.errors import DeviceError
from slora_core.memory.device import CUDA_PROFILE, DeviceProfile
from slora_core.memory.machine import cpu_name, cpu_profile, tuned
from slora_core.memory.matrix_workspace import configured_bytes


def resolve_device(name: str) -> torch.device:
    """The device called ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    ``cuda`` becomes ``cuda:N`` of the current device. Raises DeviceError that names what was asked for and what exists.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not count):
        return torch.device("cpu")
    if name in ("auto", "cuda") and count:
        return torch.device("cuda", torch.cuda.current_device())
    kind, _, index = name.partition(":")
    if kind == "cuda" and index.isdecimal() and int(index) < count:
        return torch.device("cuda", int(index))
    known = ", ".join(["cpu", *(f"cuda:{number}" for number in range(count))])
    raise DeviceError(f"device {name!r} is not on this machine: it has {known}", "choose one of these, or auto")


def profile_of(device: torch.device, threads: int = 0) -> DeviceProfile:
    """The planner's view of ``device``: its name and memory, and the rates measured for it, else for its kind.

    ``threads`` as in ``run.threads``.
    """
    if device.type != "cuda":
        return cpu_profile(threads)
    properties = torch.cuda.get_device_properties(device)
    profile = dataclasses.replace(
        CUDA_PROFILE,
        name=properties.name,
        total_bytes=properties.total_memory,
        standing_bytes=matrix_workspace_bytes((properties.major, properties.minor)),
    )
    return tuned(profile, threads)


def device_name(device: torch.device) -> str:
    return str(torch.cuda.get_device_properties(device).name) if device.type == "cuda" else cpu_name()


def environment(device: torch.device | None = None) -> dict[str, Any]:
    """What a record has to say of the machine and the versions. None: not available."""
    try:
        version: str | None = importlib.metadata.version("slora")
    except importlib.metadata.PackageNotFoundError:
        version = None
    return {
        "slora": version,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "os": platform.platform(),
        "cpu": cpu_name(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "ram_bytes": int(psutil.virtual_memory().total),
        "device": str(device) if device else None,
        "device_name": device_name(device) if device else None,
    }


@contextmanager
def budget_cap(device: torch.device, budget_bytes: int | None) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Hard stop of the CUDA pool at ``budget_bytes`` reserved beyond what the program holds; nothing on a CPU, where
    the ledger refuses. Gives a context in which it is lifted."""
    if device.type != "cuda" or budget_bytes is None:
        yield nullcontext
        return
    before = torch.cuda.get_per_process_memory_fraction(device)
    total = torch.cuda.get_device_properties(device).total_memory
    beside = torch.cuda.memory_reserved(device)
    capped = min(before, (beside + budget_bytes) / total)

    @contextmanager
    def lifted() -> Iterator[None]:
        torch.cuda.set_per_process_memory_fraction(before, device)
        try:
            yield
        finally:
            torch.cuda.empty_cache()  # what is only kept for later is no part of what comes then
            torch.cuda.set_per_process_memory_fraction(capped, device)

    torch.cuda.set_per_process_memory_fraction(capped, device)
    try:
        yield lifted
    finally:
        torch.cuda.set_per_process_memory_fraction(before, device)


@contextmanager
def run_stream(device: torch.device) -> Iterator[None]:
    """A CUDA run works on one stream that is not the default: a graph can be recorded on it, and the matrix library,
    which keeps a workspace for every stream that it has worked on, keeps one. Given back at the end."""
    if device.type != "cuda":
        yield
        return
    stream = _side_stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    try:
        with torch.cuda.stream(stream):
            yield
    finally:
        torch.cuda.current_stream(device).wait_stream(stream)
        stream.synchronize()
        torch._C._cuda_clearCublasWorkspaces()


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def matrix_workspace_bytes(capability: tuple[int, int]) -> int:
    """What the framework gives cuBLAS for a stream: as the environment says, else 32 MiB from Hopper on, 8.1 before."""
    return configured_bytes() or 1024 * (32768 if capability >= (9, 0) else 8320)
