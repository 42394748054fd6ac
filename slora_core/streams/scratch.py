"""The scratch folder of a run, removed with everything in it at the end, also when the run's process was killed."""

from __future__ import annotations

import os
import tempfile
from typing import Final

from slora_core.errors import ConfigError

WITHIN: Final = "SLORA_SCRATCH_WITHIN"
"""Names the parent process's own scratch folder to the engine's process and to those that it starts in turn."""


def scratch_folder(parent: str | None, *, ignore_cleanup_errors: bool = False) -> tempfile.TemporaryDirectory[str]:
    """A new folder in ``parent`` (``run.scratch``; None: where the system keeps such files).

    In an engine's process it lies in the folder that its parent removes. Raises ConfigError.
    """
    within = os.environ.get(WITHIN) or parent
    try:
        return tempfile.TemporaryDirectory(prefix="slora-", dir=within, ignore_cleanup_errors=ignore_cleanup_errors)
    except OSError as error:
        raise ConfigError(f"run.scratch = {within!r} cannot be used: {error.strerror}") from None
