"""The card's tests: those of a file find the caching allocator empty, whatever others have left there.

They share the oracles of the operators' tests.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "compensators"))


@pytest.fixture(autouse=True, scope="module")
def _empty_cache():
    if torch.cuda.is_available():
        gc.collect()
        torch._C._cuda_clearCublasWorkspaces()  # each keeps the segment that it was cut from
        torch.cuda.empty_cache()
