"""The feature cache as a configuration wants it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import torch

from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.features.cache.disk_tier import DiskTier
from slora_core.features.cache.smart import SmartFeatureCache


def open_cache(config: RunConfig, device: torch.device, dim: int) -> SmartFeatureCache | None:
    """Tiers of the configured sizes; None where there is nothing to keep features in, or the measure is off.

    On a CPU the device is the RAM: one tier of both sizes. Raises ConfigError for a folder that cannot be one.
    """
    sizes = config.extraction
    on_device, ram = device_tier_bytes(config, device), 0 if device.type == "cpu" else sizes.cache_ram
    if not config.measures.feature_cache or on_device + ram + sizes.cache_disk == 0:
        return None
    disk = DiskTier(_folder(config), sizes.cache_disk, sizes.cache_expiry) if sizes.cache_disk else None
    return SmartFeatureCache(on_device // (4 * dim), device, ram_bytes=ram, disk=disk)


def device_tier_bytes(config: RunConfig, device: torch.device) -> int:
    """What the cache may hold on the compute device."""
    sizes = config.extraction
    return sizes.cache_device + (sizes.cache_ram if device.type == "cpu" else 0)


def _folder(config: RunConfig) -> Path:
    if config.extraction.cache_folder is not None:
        folder = Path(config.extraction.cache_folder)
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"extraction.cache_folder = {str(folder)!r} is a file; expected a folder")
        return folder
    home = os.environ.get("SLORA_HOME")
    return (Path(home) if home else Path(platformdirs.user_cache_dir("slora", appauthor=False))) / "features"
