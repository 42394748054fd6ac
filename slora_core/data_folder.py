"""Where what outlives a run is kept: the history, what was measured of this machine, and studies. Torch-free."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

HOME_VARIABLE: Final = "SLORA_HOME"


def data_folder() -> Path:
    """``$SLORA_HOME``, or the platform's folder for user data."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_data_dir("slora", appauthor=False))
