"""Random Fourier features of normalised rows (Rahimi and Recht, 2007), shifted to be non-negative."""

from __future__ import annotations

import torch
from torch import Tensor


def rff_features(rows: Tensor, omega: Tensor, offset: Tensor, out: Tensor) -> None:
    """``out`` [m, D] = cos(x^ Omega' + b) + 1 for normalised rows x^ [m, d].

    phi without its factor 1 / sqrt(D), which cancels in phi(q)'(Phi'V) / phi(q)'(Phi'1).
    """
    torch.mm(rows, omega.t(), out=out)
    out.add_(offset).cos_().add_(1.0)
