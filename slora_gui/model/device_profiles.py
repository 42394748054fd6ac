"""The device that a forecast is for, told without touching it: no context is made, no torch is loaded."""

from __future__ import annotations

import ctypes
import dataclasses
import sys
from functools import cache

from slora_core.memory import machine
from slora_core.memory.device import CUDA_PROFILE, DeviceProfile
from slora_core.memory.matrix_workspace import in_own_process


@dataclasses.dataclass(frozen=True, slots=True)
class CudaCard:
    """A card as NVIDIA's management library tells of it."""

    index: int
    name: str
    total_bytes: int


@cache
def cuda_cards() -> tuple[CudaCard, ...]:
    """The cards of this machine; none where the management library or its Python package is absent."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:
        return ()
    try:
        return tuple(_card(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()
    finally:
        pynvml.nvmlShutdown()


def planning_profile(device: str, threads: int = 0) -> DeviceProfile:
    """The profile to plan ``run.device`` with: "auto" is a CUDA device where there is one, as it is for the engine.

    ``threads`` as in ``run.threads``: a CPU is tuned for each number of them.
    """
    cards = cuda_cards()
    if device.startswith("cuda") or (device == "auto" and (cards or _has_cuda_driver())):
        index = int(device.partition(":")[2] or 0)
        if index < len(cards):
            card = cards[index]
            profile = machine.tuned(dataclasses.replace(CUDA_PROFILE, name=card.name, total_bytes=card.total_bytes))
        else:
            profile = machine.planning_profile("cuda")
        return in_own_process(profile)
    return machine.cpu_profile(threads)


def _card(nvml: object, index: int) -> CudaCard:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)  # type: ignore[attr-defined]
    name = nvml.nvmlDeviceGetName(handle)  # type: ignore[attr-defined]
    total = nvml.nvmlDeviceGetMemoryInfo(handle).total  # type: ignore[attr-defined]
    return CudaCard(index, name.decode() if isinstance(name, bytes) else str(name), int(total))


@cache
def _has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
