"""The probe of a run's budget contract: what cannot be declared is measured on small batches before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from slora_core.config import RunConfig
from slora_core.memory.plan import StageRequest


def probed_requests(config: RunConfig, device: torch.device) -> Mapping[int, Sequence[StageRequest]]:
    """Stages by task that the source runs before the round's own: the extraction of the demo. Others have none."""
    if config.source.kind != "demo":
        return {}
    from slora_core.sources.demo.source import extraction_requests

    return extraction_requests(config, device)
