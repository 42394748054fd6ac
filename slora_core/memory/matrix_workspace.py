"""The workspace of CUDA's matrix library, which it keeps for the stream of a run. Torch-free.

The framework gives cuBLAS 32 MiB on Hopper. Processes of the engine's own run nothing else, and give it less.
"""

from __future__ import annotations

import dataclasses
import os
from typing import Final

from slora_core.memory.device import DeviceProfile

OWN_PROCESS: Final = ":10240:1"
"""10 MiB. A block of that size has a segment of its own in the pool; a smaller one takes 20 MiB."""
_VARIABLE: Final = "CUBLAS_WORKSPACE_CONFIG"


def configure_own_process() -> None:
    """Before this process uses a device, unless its environment says something else."""
    os.environ.setdefault(_VARIABLE, OWN_PROCESS)
    os.environ.setdefault("CUBLASLT_WORKSPACE_SIZE", OWN_PROCESS.split(":")[1])


def configured_bytes(default: str = "") -> int | None:
    """What the environment says, in pairs of ":KiB:count", else ``default`` in the same form; None: nothing."""
    numbers = [int(part) for part in os.environ.get(_VARIABLE, default).split(":") if part.isdecimal()]
    return 1024 * sum(size * count for size, count in zip(numbers[::2], numbers[1::2], strict=False)) or None


def in_own_process(profile: DeviceProfile) -> DeviceProfile:
    """``profile`` as a process of the engine's own, started from here, finds the device."""
    size = configured_bytes(OWN_PROCESS)
    return profile if profile.kind != "cuda" or size is None else dataclasses.replace(profile, standing_bytes=size)
