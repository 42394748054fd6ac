"""Notices when somebody else takes memory of the device during a run: what a plan could not know."""

from __future__ import annotations

from typing import Final

from slora_core.events import Notice
from slora_core.memory.probe import SystemReading
from slora_core.memory.sizes import format_size
from slora_core.types import MIB

LEAST_GROWTH_BYTES: Final = 64 * MIB
LEAST_GROWTH_UNKNOWN_BYTES: Final = 512 * MIB
"""Where the driver does not say what this process holds: its own libraries grow by less than this."""


class OtherProcessWatch:
    """Looks at what is used of the device beside this process, and says when that grows; again when it grows again.

    The driver's account of this process comes about once a second; in between it moves with the allocator's pool.
    """

    def __init__(self) -> None:
        self._process_bytes: int | None = None
        self._overhead_bytes: int | None = None
        self._least_bytes: int | None = None

    def look(self, system: SystemReading, reserved_bytes: int | None, t_s: float, stage: str) -> list[Notice]:
        """Notices for a new reading; none where the device has no counters."""
        if system.device_used_bytes is None or reserved_bytes is None:
            return []
        if system.process_bytes is not None and system.process_bytes != self._process_bytes:
            known = self._process_bytes is not None
            self._process_bytes = system.process_bytes
            self._overhead_bytes = system.process_bytes - reserved_bytes
            if not known:  # from here on the count is another one
                self._least_bytes = None
        others = system.device_used_bytes - reserved_bytes - (self._overhead_bytes or 0)
        least = others if self._least_bytes is None else min(self._least_bytes, others)
        grown, enough = others - least, LEAST_GROWTH_BYTES
        if self._overhead_bytes is None:
            enough = LEAST_GROWTH_UNKNOWN_BYTES
        self._least_bytes = least if grown < enough else others
        return [] if grown < enough else [_notice(system, grown, others, t_s, stage)]


def _notice(system: SystemReading, grown_bytes: int, others_bytes: int, t_s: float, stage: str) -> Notice:
    total, used = system.device_total_bytes, system.device_used_bytes
    free = "" if total is None or used is None else f"; {format_size(total - used)} are free"
    message = f"another process took {format_size(grown_bytes)} of the device during this run{free}"
    data = {"grown_bytes": grown_bytes, "others_bytes": others_bytes}
    return Notice(t_s, "other-process", message, stage, data)
