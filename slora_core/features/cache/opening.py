"""The feature cache as a configuration wants it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs
import torch

from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.features.cache.disk_tier import DiskTier
from slora_core.features.cache.smart import SmartFeatureCache

BUDGET_SHARE: Final = 8
"""Memory tiers take at most one part in this many of the budget."""


def disk_cache(config: RunConfig, device: torch.device) -> SmartFeatureCache | None:
    """For a run that sees every input once: on disk alone, where the next run looks. None when it is switched off.

    Raises ConfigError for a folder that cannot be one.
    """
    if not config.measures.feature_cache or not config.extraction.cache_disk:
        return None
    return SmartFeatureCache(0, device, disk=_disk(config))


def lasting_cache(config: RunConfig, device: torch.device, rows: int) -> SmartFeatureCache | None:
    """For a process that extracts task after task: up to ``rows`` rows on the device and in RAM, then on disk.

    On a CPU the device is the RAM, and there is one tier. Raises ConfigError as :func:`disk_cache` does.
    """
    sizes, on_cpu = config.extraction, device.type == "cpu"
    on_device, ram = sizes.cache_device + (sizes.cache_ram if on_cpu else 0), 0 if on_cpu else sizes.cache_ram
    if config.memory.budget is not None:
        on_device = min(on_device, config.memory.budget // BUDGET_SHARE)
    if not config.measures.feature_cache or on_device + ram + sizes.cache_disk == 0:
        return None
    disk = _disk(config) if sizes.cache_disk else None
    return SmartFeatureCache(rows, device, max_bytes=on_device, ram_bytes=ram, disk=disk)


def _disk(config: RunConfig) -> DiskTier:
    return DiskTier(_folder(config), config.extraction.cache_disk, config.extraction.cache_expiry)


def _folder(config: RunConfig) -> Path:
    if config.extraction.cache_folder is not None:
        folder = Path(config.extraction.cache_folder)
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"extraction.cache_folder = {str(folder)!r} is a file; expected a folder")
        return folder
    home = os.environ.get("SLORA_HOME")
    return (Path(home) if home else Path(platformdirs.user_cache_dir("slora", appauthor=False))) / "features"
