"""The input files of a study, as far as an interrupted one may not go on with others. Torch-free."""

from __future__ import annotations

from pathlib import Path

from slora_core.config import RunConfig


def input_stamps(config: RunConfig) -> list[tuple[str, int]]:
    """Path and time of change of every input of the source that exists."""
    keys = ("features", "state", "evaluate", "base", "adapter_before", "adapter_after", "images", "aux_images")
    paths = [Path(path) for key in keys if (path := getattr(config.source, key))]
    return [(str(path), path.stat().st_mtime_ns) for path in paths if path.exists()]
