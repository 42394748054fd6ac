"""The machine without torch: its processor, and profiles for planning with what was measured of it."""

from __future__ import annotations

import dataclasses
import platform
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE, DeviceProfile
from slora_core.memory.tuning import Tuning, read_tuning


@cache
def cpu_name() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def cpu_profile(threads: int = 0) -> DeviceProfile:
    """This machine's CPU as the planner sees it, tuned where it was; ``threads`` as in ``run.threads``."""
    profile = dataclasses.replace(CPU_PROFILE, name=cpu_name(), total_bytes=int(psutil.virtual_memory().total))
    return tuned(profile, threads)


def planning_profile(device: str, threads: int = 0) -> DeviceProfile:
    """A profile for ``run.device`` that touches no device: a CUDA card counts as the one that was tuned last."""
    if not device.startswith("cuda"):
        return cpu_profile(threads)
    return _with(CUDA_PROFILE, read_tuning("cuda", ""))


def tuned(profile: DeviceProfile, threads: int = 0) -> DeviceProfile:
    """``profile`` with the rates and options that ``slora tune`` measured; unchanged where there are none."""
    return _with(profile, read_tuning(profile.kind, profile.name, threads))


def _with(profile: DeviceProfile, tuning: Tuning) -> DeviceProfile:
    rates: dict[str, Any] = dict(tuning.rates)
    return dataclasses.replace(profile, **rates, measured=tuning.options)
