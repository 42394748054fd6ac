"""Notices when somebody else takes memory of the device during a run: what a plan could not know."""

from __future__ import annotations

from typing import Final

from slora_core.events import Notice
from slora_core.memory.probe import SystemReading
from slora_core.memory.sizes import format_size
from slora_core.types import MIB

LEAST_GROWTH_BYTES: Final = 64 * MIB


class OtherProcessWatch:
    """Looks at what is used of the device beside this process, and says when that grows; again when it grows again.

    Only readings count in which the driver has just said what this process holds: in between its context and its
    libraries may grow too. Where the driver does not say it, nothing is told.
    """

    def __init__(self) -> None:
        self._least_bytes: int | None = None

    def look(self, system: SystemReading, t_s: float, stage: str) -> list[Notice]:
        """Notices for a new reading."""
        if not system.process_is_fresh or system.process_bytes is None or system.device_used_bytes is None:
            return []
        others = system.device_used_bytes - system.process_bytes
        least = others if self._least_bytes is None else min(self._least_bytes, others)
        grown = others - least
        self._least_bytes = least if grown < LEAST_GROWTH_BYTES else others
        return [] if grown < LEAST_GROWTH_BYTES else [_notice(system, grown, others, t_s, stage)]


def _notice(system: SystemReading, grown_bytes: int, others_bytes: int, t_s: float, stage: str) -> Notice:
    total, used = system.device_total_bytes, system.device_used_bytes
    free = "" if total is None or used is None else f"; {format_size(total - used)} are free"
    message = f"another process took {format_size(grown_bytes)} of the device during this run{free}"
    data = {"grown_bytes": grown_bytes, "others_bytes": others_bytes}
    return Notice(t_s, "other-process", message, stage, data)
