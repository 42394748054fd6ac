"""The card's tests: those of a file find the caching allocator empty, whatever others have left there."""

from __future__ import annotations

import gc

import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def _empty_cache():
    if torch.cuda.is_available():
        gc.collect()
        torch._C._cuda_clearCublasWorkspaces()  # one of 32 MiB keeps the segment of 16 GiB that it was cut from
        torch.cuda.empty_cache()
