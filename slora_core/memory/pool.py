"""The pool of a CUDA device: what it reserves beyond the tensors in it, and what libraries keep there."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass(slots=True)
class PoolGrowth:
    """``bytes`` reserved and not allocated that are more than before; 0 where there is no pool."""

    bytes: int = 0


@contextmanager
def unused_of_pool(device: torch.device) -> Iterator[PoolGrowth]:
    """How much more of the pool is reserved in vain, known afterwards, for what is allocated inside and stays."""
    grown = PoolGrowth()
    release_library_workspaces(device)  # the segments in which they lie would take part of what is allocated inside
    before = _unused(device)
    yield grown
    grown.bytes = max(0, _unused(device) - before)


def release_library_workspaces(device: torch.device) -> None:
    """Give back what the matrix libraries keep for later, and what is cached; each comes again when it is used.

    Forward passes of a model leave more than the workspace that every stage is planned with.
    """
    if device.type == "cuda":
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.empty_cache()


def _unused(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    gc.collect()  # what went before may be held by a cycle, and would be taken for what is allocated inside
    torch.cuda.empty_cache()
    return torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
