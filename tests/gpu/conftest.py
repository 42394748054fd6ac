"""The card's tests: each finds the caching allocator empty, whatever the one before has left there."""

from __future__ import annotations

import gc

import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def _empty_cache():
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
