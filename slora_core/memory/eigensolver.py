"""What the eigensolver of a CUDA device takes beside its arguments: its library tells nobody else than itself."""

from __future__ import annotations

from functools import cache

import torch


@cache
def eigensolver_bytes(device: torch.device, dim: int) -> int:
    """Bytes of the pool during ``torch.linalg.eigh`` of one float64 [dim, dim] in place; measured once a process.

    They depend on the size alone, so that an identity will do.
    """
    matrix = torch.eye(dim, dtype=torch.float64, device=device)
    values, columns = torch.empty(dim, dtype=torch.float64, device=device), matrix.mT
    torch.linalg.eigh(columns, out=(values, columns))  # the first call also loads the library
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    torch.linalg.eigh(columns, out=(values, columns))
    taken = torch.cuda.max_memory_allocated(device) - before
    del matrix, values, columns
    torch.cuda.empty_cache()
    return taken
