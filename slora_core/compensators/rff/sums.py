"""The two sums that random-feature attention is made of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(slots=True)
class RffSums:
    """``values`` Phi'V [D, d] and ``mass`` Phi'1 [D] of ``count`` pairs, float64."""

    values: Tensor
    mass: Tensor
    count: int = 0

    def clear(self) -> None:
        self.values.zero_()
        self.mass.zero_()
        self.count = 0

    def add(self, phi: Tensor, drift: Tensor, part: Tensor, ones: Tensor | None = None) -> None:
        """Features ``phi`` [m, D] and ``drift`` [m, d] of m more pairs, float64; ``part`` [D] is scratch.

        With ``ones`` [m] the sum is a product, which takes no memory of a CUDA device.
        """
        self.values.addmm_(phi.t(), drift)
        if ones is None:
            torch.sum(phi, dim=0, out=part)
        else:
            torch.mv(phi.t(), ones, out=part)
        self.mass.add_(part)
        self.count += len(phi)
