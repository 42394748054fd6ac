"""Where runs and studies were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from slora_core.records.tables import NOT_AVAILABLE, TextTable
from slora_core.report.phrases import Phrases


class Measured(Protocol):
    @property
    def label(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, Any]: ...


def machine_table(measured: Sequence[Measured], say: Phrases) -> TextTable:
    """One row for what was measured on the same machine and versions."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for item in measured:
        known = item.environment
        cuda = known.get("cuda")
        key = (
            str(known.get("device_name") or known.get("device") or say(NOT_AVAILABLE)),
            str(known.get("os") or say(NOT_AVAILABLE)),
            say.size(known.get("ram_bytes")),
            str(known.get("torch") or say(NOT_AVAILABLE)) + (f", CUDA {cuda}" if cuda else ""),
            str(known.get("python") or say(NOT_AVAILABLE)),
            str(known.get("slora") or say(NOT_AVAILABLE)),
        )
        groups.setdefault(key, []).append(item.label)
    whole = say("all")
    rows = [(whole if len(names) == len(measured) > 1 else ", ".join(names), *key) for key, names in groups.items()]
    columns = (say("run or study"), say("device"), say("system"), say("RAM"), "PyTorch", "Python", "SLoRA")
    return say.table(say("Machine and versions"), columns, rows, texts=len(columns))
