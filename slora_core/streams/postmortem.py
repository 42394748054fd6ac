"""Says in words how the engine's process ended, and whether the out-of-memory killer is the likely cause."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_COUNTERS: Final = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))
_SHORT_OF_MEMORY: Final = 0.9


def describe_end(returncode: int | None, stage: str) -> str:
    """One sentence on an exit status (negative: the signal's number) in the stage that was running."""
    where = f" in stage {stage}" if stage else ""
    if returncode is None:
        return f"the engine process closed its event pipe{where}"
    early = " before its run was finished" if returncode >= 0 else ""
    return f"the engine process {describe_exit(returncode)}{where}{early}"


def describe_exit(returncode: int) -> str:
    """What a process did: "was killed by signal 9 (SIGKILL)"."""
    if returncode >= 0:
        return f"ended with exit status {returncode}"
    return f"was killed by signal {-returncode} ({_signal_name(-returncode)})"


def memory_hint(returncode: int | None, oom_kills: int, rss_bytes: int | None, available_bytes: int) -> str:
    """What to do after a kill that looks like the out-of-memory killer's; "" otherwise.

    ``oom_kills`` is how many the kernel counted meanwhile; ``rss_bytes`` the last resident size of the process, now
    part of ``available_bytes``: a process that held nearly all of it left the host short of memory.
    """
    if returncode != -getattr(signal, "SIGKILL", 9):
        return ""
    if oom_kills == 0 and (rss_bytes is None or rss_bytes < _SHORT_OF_MEMORY * available_bytes):
        return ""
    return (
        "the host was short of memory, so the system's out-of-memory killer probably ended it:"
        " lower the memory budget or the sizes of the run, or free memory"
    )


def count_oom_kills() -> int:
    """Out-of-memory kills that Linux has counted on this host and in this control group; 0 elsewhere."""
    count = 0
    for counter in _COUNTERS:
        with suppress(OSError, ValueError):
            for line in counter.read_text().splitlines():
                name, _, value = line.partition(" ")
                count += int(value) if name == "oom_kill" else 0
    return count


def available_memory_bytes() -> int:
    return int(psutil.virtual_memory().available)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
