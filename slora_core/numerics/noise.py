"""Standard-normal noise that does not depend on how it is read.

One eps [S, d] is drawn once per operator and shared by all classes, so no result depends on chunk size, budget or class
order. NumPy's generator fills in sequence: drawing row blocks one after another gives the numbers of one draw.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError

_BLOCK_ROWS = 256


class Noise(Protocol):
    """eps for the samples of every class."""

    @property
    def samples(self) -> int: ...

    @property
    def dim(self) -> int: ...

    @property
    def shared(self) -> bool:
        """Whether all classes receive the same eps."""

    def read(self, index: int, start: int, stop: int, out: Tensor) -> None:
        """Rows ``start:stop`` of class number ``index`` into the CPU float32 buffer ``out[: stop - start]``."""


class SharedNoise:
    """eps [S, d] of a seed, kept in a scratch file so that it takes no memory; the same for all classes."""

    shared = True

    def __init__(self, seed: int, stream: int, samples: int, dim: int, scratch: Path) -> None:
        self.samples = samples
        self.dim = dim
        path = scratch / f"noise-{seed}-{stream}-{samples}x{dim}.f32"
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, stream])))
        with path.open("wb") as file:
            for start in range(0, samples, _BLOCK_ROWS):
                rows = min(_BLOCK_ROWS, samples - start)
                file.write(generator.standard_normal((rows, dim), dtype=np.float32).tobytes())
        self._rows: NDArray[np.float32] = np.memmap(path, np.float32, "c", shape=(samples, dim))

    def read(self, index: int, start: int, stop: int, out: Tensor) -> None:
        out[: stop - start].copy_(torch.from_numpy(self._rows[start:stop]))


class GivenNoise:
    """Injected eps: [S, d] shared by all classes, or [C, S, d] with one block a class."""

    def __init__(self, eps: NDArray[np.float32]) -> None:
        if eps.ndim not in (2, 3):
            raise InputError(f"noise has shape {eps.shape}: expected [samples, d] or [classes, samples, d]")
        self._eps = np.ascontiguousarray(eps, dtype=np.float32)
        self.samples, self.dim = self._eps.shape[-2:]
        self.shared = eps.ndim == 2

    def read(self, index: int, start: int, stop: int, out: Tensor) -> None:
        block = self._eps if self._eps.ndim == 2 else self._eps[index]
        out[: stop - start].copy_(torch.from_numpy(block[start:stop]))
