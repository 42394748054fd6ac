"""The meters of the two kinds of device: the ledger on a CPU, the allocator's own counters on CUDA."""

from __future__ import annotations

import torch

from slora_core.memory.host_count import HostCount
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Reading
from slora_core.memory.peaks import Counters, PeakStack


class CpuMeter:
    """The compute device is the CPU: allocated bytes are the ledger's, and there is no pool to reserve."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def read(self) -> Reading:
        live = self._ledger.live_bytes
        return Reading(live, None, live)

    def push(self) -> None:
        self._ledger.push_peak()

    def pop(self) -> Reading:
        peak = self._ledger.pop_peak()
        return Reading(peak, None, peak)


class CudaMeter:
    """Counters of the caching allocator; page-locked host tensors from a count when there is one.

    The allocator's peaks are global to a device and know one count at a time; a PeakStack nests them. The counters
    are read as the allocator's nested dictionary, one call for all of them at a fraction of the cost of
    ``memory_allocated`` and ``memory_reserved``, which flatten the same dictionary once each.

    Counts begin at what the program holds of the device when the meter is made: that is not the run's. A nested count
    begins with an empty cache, so that a stage is not charged for what the one before it has left in the pool.
    """

    def __init__(self, device: torch.device, host: HostCount | None = None) -> None:
        self._device = device
        self._host = host
        self._beside = (0, 0)
        self._beside = self._counters("current")
        self._peaks = PeakStack(self._device_peaks, self._reset)

    def read(self) -> Reading:
        allocated, reserved = self._counters("current")
        return Reading(allocated, reserved, self._host.live_bytes if self._host else None)

    def push(self) -> None:
        torch.cuda.empty_cache()
        self._peaks.push()
        if self._host:
            self._host.push_peak()

    def pop(self) -> Reading:
        allocated, reserved = self._peaks.pop()
        return Reading(allocated, reserved, self._host.pop_peak() if self._host else None)

    def _counters(self, kind: str) -> tuple[int, int]:
        stats = torch.cuda.memory.memory_stats_as_nested_dict(self._device)
        if not stats:  # CUDA is not initialised in this process: nothing is allocated
            return 0, 0
        allocated, reserved = (stats[name]["all"][kind] for name in ("allocated_bytes", "reserved_bytes"))
        return int(allocated) - self._beside[0], int(reserved) - self._beside[1]

    def _device_peaks(self) -> Counters:
        return self._counters("peak")

    def _reset(self) -> None:
        torch.cuda.reset_peak_memory_stats(self._device)
