"""The probe of a run's budget contract: what cannot be declared is measured on small batches before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from slora_core.config import RunConfig
from slora_core.memory.plan import StageRequest


@dataclass(frozen=True, slots=True)
class Probed:
    """Stages by task that the source runs before the round's own, and bytes it holds through the whole run."""

    requests: Mapping[int, Sequence[StageRequest]] = field(default_factory=dict)
    held_bytes: int = 0


def probe_source(config: RunConfig, device: torch.device) -> Probed:
    """Only the demo has a model, hence something to probe."""
    if config.source.kind != "demo":
        return Probed()
    from slora_core.sources.demo.source import probe_demo

    probe = probe_demo(config, device)
    return Probed(probe.requests, probe.held_bytes)
