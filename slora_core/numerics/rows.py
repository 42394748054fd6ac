"""Row-wise normalisation into given buffers."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

LEAST_NORM: Final = 1e-12


def normalise_rows(rows: Tensor, norms: Tensor, out: Tensor) -> None:
    """``out`` = x / max(|x|, 1e-12) for rows x [m, d]; ``norms`` [m, 1] is scratch, ``out`` may be ``rows``."""
    torch.linalg.vector_norm(rows, dim=1, keepdim=True, out=norms)
    norms.clamp_(min=LEAST_NORM)
    torch.div(rows, norms, out=out)
