"""Where a process stands in a distributed run, as PyTorch's launcher tells it through the environment. Torch-free."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from slora_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Place:
    """Rank ``rank`` of ``size``; ``local_rank`` of ``local_size`` on this host. ``attempt`` counts restarts."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    attempt: int = 0

    @property
    def one_host(self) -> bool:
        return self.size == self.local_size


def place_of(environment: Mapping[str, str] | None = None) -> Place | None:
    """The place that ``torchrun`` gave this process, or None outside of it. Raises ConfigError."""
    found = os.environ if environment is None else environment
    if "TORCHELASTIC_RUN_ID" not in found or "RANK" not in found:
        return None
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    try:
        rank, size, local_rank, local_size = (int(found[name]) for name in names)
        return Place(rank, size, local_rank, local_size, int(found.get("TORCHELASTIC_RESTART_COUNT", "0")))
    except (KeyError, ValueError) as error:
        raise ConfigError(f"the environment of a torchrun worker is not complete: {error}") from None
