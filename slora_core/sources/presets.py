"""Named synthetic workloads. Torch-free."""

from __future__ import annotations

import difflib
from typing import Final

from slora_core.errors import InputError
from slora_core.types import Workload

PRESETS: Final[dict[str, Workload]] = {
    "seed-16gb": Workload(pairs=41_000, dim=768, classes=100),
    "seed-2core": Workload(pairs=7_048, dim=768, classes=20),
    "seed-small": Workload(pairs=2_048, dim=256, classes=10),
    "seed-tiny": Workload(pairs=512, dim=32, classes=4),
}
"""``seed-16gb`` is the reference workload, on which the seed implementation takes 16 GB; the others are scaled down."""


def preset(name: str) -> Workload:
    """The workload of this name. Raises InputError with the nearest name."""
    if name in PRESETS:
        return PRESETS[name]
    close = difflib.get_close_matches(name.lower(), PRESETS, n=1, cutoff=0.5)
    hint = f", did you mean {close[0]!r}?" if close else ""
    raise InputError(f"unknown workload {name!r}{hint}; known: {', '.join(PRESETS)}")
