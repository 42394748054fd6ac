"""Memory of the process and of the device from outside: what the system says, where it says anything.

Every value may be None, "not available" on this machine; it is never 0 for that. Imports torch only for a CUDA device.
"""

from __future__ import annotations

import importlib
import mmap
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import psutil

from slora_core.memory.peaks import PeakStack

_STATUS: Final = Path("/proc/self/status")
_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = mmap.PAGESIZE
_CLEAR_REFS: Final = Path("/proc/self/clear_refs")
_RESET_PEAK: Final = b"5"
PROCESS_INTERVAL_S: Final = 1.0
DEVICE_INTERVAL_S: Final = 0.1
_T = TypeVar("_T")


class SystemReading(NamedTuple):
    """Bytes; ``process`` is what this process holds of the device (pool, context and libraries).

    ``process_is_fresh``: the driver was asked for it, and for the device, just now and not up to a second ago.
    """

    rss_bytes: int | None
    process_bytes: int | None
    device_used_bytes: int | None
    device_total_bytes: int | None
    process_is_fresh: bool = False


class Probe:
    """Reads the system's counters. ``cuda_index`` None is a machine, or a run, without a CUDA device.

    Cost of :meth:`read`: a few microseconds for RSS; on CUDA ``cudaMemGetInfo`` (up to 0.3 ms) ten times a second at
    most, and NVML's list of processes once a second.
    """

    def __init__(self, cuda_index: int | None = None) -> None:
        self._process = psutil.Process()
        self._statm = _or_none(lambda: os.open(_STATM, os.O_RDONLY))
        if self._statm is not None:
            weakref.finalize(self, os.close, self._statm)
        self._cuda_index = cuda_index
        self._asked_device_s = float("-inf")
        self._free_total: tuple[int, int] | None = None
        self._nvml = _Nvml(cuda_index) if cuda_index is not None else None

    def read(self) -> SystemReading:
        if self._nvml is None:
            return SystemReading(self.rss_bytes(), None, None, None)
        now = time.monotonic()
        process_bytes, fresh = self._nvml.process_bytes(now)
        if fresh or now - self._asked_device_s >= DEVICE_INTERVAL_S:
            self._asked_device_s = now
            self._free_total = _or_none(self._mem_get_info)
        return SystemReading(
            rss_bytes=self.rss_bytes(),
            process_bytes=process_bytes,
            device_used_bytes=self._free_total[1] - self._free_total[0] if self._free_total else None,
            device_total_bytes=self._free_total[1] if self._free_total else None,
            process_is_fresh=fresh,
        )

    def rss_bytes(self) -> int | None:
        """Resident set size; on Linux from a file kept open, at a fifth of the cost."""
        if self._statm is None:
            return _or_none(lambda: int(self._process.memory_info().rss))
        return int(os.pread(self._statm, 128, 0).split()[1]) * _PAGE_BYTES

    def _mem_get_info(self) -> tuple[int, int]:
        import torch

        return torch.cuda.mem_get_info(self._cuda_index)


class RssPeaks:
    """Exact peak RSS of nested stages, from the kernel's high-water mark (Linux); None elsewhere.

    The mark is one for the process; writing 5 to ``clear_refs`` sets it back to the present RSS.
    """

    def __init__(self) -> None:
        self._resettable = reset_peak_rss()
        self._peaks = PeakStack(self._read, self._reset)

    def push(self) -> None:
        self._peaks.push()

    def pop(self) -> int | None:
        return self._peaks.pop()[0]

    def _read(self) -> tuple[int | None]:
        return (peak_rss_bytes() if self._resettable else None,)

    def _reset(self) -> None:
        self._resettable = self._resettable and reset_peak_rss()


def reset_peak_rss() -> bool:
    """Set the peak RSS of this process back to its present RSS; False where the system cannot."""
    try:
        _CLEAR_REFS.write_bytes(_RESET_PEAK)
    except OSError:
        return False
    return True


def peak_rss_bytes() -> int | None:
    """The kernel's high-water mark of RSS since the last reset (or the start); None where there is none."""
    try:
        status = _STATUS.read_bytes()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


class _Nvml:
    """Device bytes of this process by the driver's account; asked at most once a second."""

    def __init__(self, cuda_index: int) -> None:
        self._library: Any = _or_none(lambda: importlib.import_module("pynvml"))
        self._handle: Any = _or_none(lambda: self._find(cuda_index)) if self._library else None
        self._asked_s = float("-inf")
        self._bytes: int | None = None

    def process_bytes(self, now_s: float) -> tuple[int | None, bool]:
        """What is known, and whether it was asked for just now."""
        due = self._handle is not None and now_s - self._asked_s >= PROCESS_INTERVAL_S
        if due:
            self._asked_s = now_s
            self._bytes = _or_none(self._ask)
        return self._bytes, due

    def _find(self, cuda_index: int) -> Any:
        import torch

        self._library.nvmlInit()
        # CUDA_VISIBLE_DEVICES renumbers CUDA's devices but not NVML's.
        uuid = torch.cuda.get_device_properties(cuda_index).uuid
        return self._library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")

    def _ask(self) -> int | None:
        own = os.getpid()
        for process in self._library.nvmlDeviceGetComputeRunningProcesses(self._handle):
            if process.pid == own:
                return None if process.usedGpuMemory is None else int(process.usedGpuMemory)
        return None


def _or_none(read: Callable[[], _T]) -> _T | None:
    """A counter that fails is a counter that is not available, whatever its library raises."""
    try:
        return read()
    except Exception:
        return None
