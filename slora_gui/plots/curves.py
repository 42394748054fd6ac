"""The curves of the memory plot: which counter is drawn in which panel, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication

Panel: TypeAlias = Literal["device", "host"]


@dataclass(frozen=True, slots=True)
class Curve:
    """``counter`` is a name of ``records.schema.SAMPLE_COUNTERS``, ``style`` an index into ``PlotTheme.curves``."""

    counter: str
    panel: Panel
    style: int


CURVES: Final = (
    Curve("allocated_bytes", "device", 0),
    Curve("reserved_bytes", "device", 1),
    Curve("process_bytes", "device", 2),
    Curve("device_used_bytes", "device", 3),
    Curve("rss_bytes", "host", 4),
    Curve("tensor_ram_bytes", "host", 5),
)


def curve_name(counter: str) -> str:
    """Its name in the window's language."""
    translate = QCoreApplication.translate
    return {
        "allocated_bytes": translate("Curves", "allocated"),
        "reserved_bytes": translate("Curves", "reserved"),
        "process_bytes": translate("Curves", "process"),
        "device_used_bytes": translate("Curves", "whole device"),
        "rss_bytes": translate("Curves", "RSS"),
        "tensor_ram_bytes": translate("Curves", "tensor RAM"),
    }[counter]


def curve_explanation(counter: str) -> str:
    """One sentence: what the counter counts."""
    translate = QCoreApplication.translate
    return {
        "allocated_bytes": translate("Curves", "Live tensors of the engine on the compute device"),
        "reserved_bytes": translate("Curves", "The allocator's pool: what other programs cannot have"),
        "process_bytes": translate("Curves", "Pool, context and libraries of the engine's process"),
        "device_used_bytes": translate("Curves", "Everything on the device, other processes included"),
        "rss_bytes": translate("Curves", "Resident host memory of the engine's process"),
        "tensor_ram_bytes": translate("Curves", "Live tensors of the engine in host memory"),
    }[counter]
