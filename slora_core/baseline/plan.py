"""What the seed implementation will take: its peak of live tensor bytes in closed form. Torch-free.

The attention's product decides it: chunk x N x d x 4 bytes, 15 GiB for N = 41,000 and d = 768.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.config import OperatorsConfig, RunConfig
from slora_core.memory.device import CPU_PROFILE, DeviceProfile
from slora_core.types import Workload

QUERY_CHUNK: Final = 128
CACHE_ROWS: Final = 50_000
PIECE_ROWS: Final = 512


def predicted_peak(workload: Workload, config: RunConfig, device: DeviceProfile = CPU_PROFILE) -> int:
    """Bytes of live tensors at the worst moment, on ``device``; beside a CUDA device class statistics do not count."""
    return _Tally(workload, config.operators, 4 if device.kind == "cpu" else 0).peak_bytes()


@dataclass(frozen=True, slots=True)
class _Tally:
    """``host`` is the size of a float32 that the baseline keeps on the CPU, as counted on the device."""

    workload: Workload
    config: OperatorsConfig
    host: int

    def peak_bytes(self) -> int:
        """Features twice and all classes, then operator after operator on top of what the ones before have left."""
        live = 4 * self._features + self._classes
        peak = live
        sampled = False
        for name in self.config.names:
            fit, move, transition = self._operator(name)
            if not sampled and self._samples(name):
                sampled = True
                cache, factors = 4 * CACHE_ROWS * self.workload.dim, self._classes
            else:
                cache, factors = 0, 0
            peak = max(peak, live + fit, live + cache + factors + transition + self._moved(name) + move)
            live += cache + factors + transition + self._moved(name)
        return peak

    @property
    def _features(self) -> int:
        return 4 * self.workload.pairs * self.workload.dim

    @property
    def _classes(self) -> int:
        return self.host * self.workload.classes * self.workload.dim**2

    def _moved(self, name: str) -> int:
        return 0 if name == "attention" and self.config.attention.mean_only else self._classes

    def _samples(self, name: str) -> int:
        operators = self.config
        return {
            "linear": 0,
            "weaknonlinear": operators.weaknonlinear.samples,
            "attention": 0 if operators.attention.mean_only else operators.attention.samples,
            "rff": operators.rff.samples,
        }[name]

    def _operator(self, name: str) -> tuple[int, int, int]:
        """Bytes of an operator's fit, of moving one class beyond what stays, and of the fitted operator."""
        operators = {
            "linear": self._linear,
            "weaknonlinear": self._weak_nonlinear,
            "attention": self._attention,
            "rff": self._rff,
        }
        return operators[name]()

    def _linear(self) -> tuple[int, int, int]:
        square = 4 * self.workload.dim**2
        pieces = 16 * min(PIECE_ROWS, self.workload.pairs) * self.workload.dim
        return 2 * self._features + max(8 * square + pieces, 10 * square), 3 * self.host * self.workload.dim**2, square

    def _weak_nonlinear(self) -> tuple[int, int, int]:
        """Weights, gradients, two moments and the temporaries of AdamW; four samples matrices in the network."""
        training, dim = self.config.weaknonlinear, self.workload.dim
        fit = 14 * 4 * dim**2 + 8 * training.steps * training.batch
        return fit, 4 * 4 * training.samples * dim, 3 * 4 * dim**2

    def _attention(self) -> tuple[int, int, int]:
        """Keys, similarity, mask and weights [chunk, N], top-k indices, and the product [chunk, N, d]."""
        attention, pairs, dim = self.config.attention, self.workload.pairs, self.workload.dim
        samples = 1 if attention.mean_only else attention.samples
        chunk = min(QUERY_CHUNK, samples)
        rows = chunk * (3 * 4 * pairs + 8 * min(attention.top_k, pairs) + 4 * dim)
        move = self._features + rows + 4 * chunk * pairs * dim + 2 * 4 * samples * dim
        return self._features, move, self._features

    def _rff(self) -> tuple[int, int, int]:
        rff, pairs, dim = self.config.rff, self.workload.pairs, self.workload.dim
        phi, sums = 4 * pairs * rff.features, 4 * rff.features * dim
        fit = max(self._features + phi, 2 * phi, phi + self._features + sums) + sums
        return fit, 4 * rff.samples * (dim + 2 * rff.features), 2 * sums
