"""The sufficient statistics of the linear operator: two products of row-normalised pairs, and how many there are.

Alpha1-SLDC (Rao et al., arXiv 2511.09926) needs X^'X^, X^'Y^ and N only, so a fit takes O(d^2) memory whatever N is.
The products are float64: at N < d, float32 sums change with the row chunk by per cents once they are inverted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

NORM_FLOOR: Final = 1e-12


@dataclass(slots=True)
class LinearSums:
    """``gram`` X^'X^ and ``cross`` X^'Y^, float64 [d, d], over ``count`` pairs."""

    gram: Tensor
    cross: Tensor
    count: int = 0

    def clear(self) -> None:
        self.gram.zero_()
        self.cross.zero_()
        self.count = 0

    def add(self, before: Tensor, after: Tensor) -> None:
        """Add r normalised pairs, float64 [r, d] each."""
        self.gram.addmm_(before.mT, before)
        self.cross.addmm_(before.mT, after)
        self.count += before.shape[0]


def normalise_rows(source: Tensor, out: Tensor, norms: Tensor) -> None:
    """``out`` = rows of ``source`` [r, d] over their length, in the precision of ``out``; a zero row stays zero."""
    out.copy_(source)
    torch.linalg.vector_norm(out, dim=1, keepdim=True, out=norms)
    out.div_(norms.clamp_(min=NORM_FLOOR))
