"""Which precision the forward passes take: as configured, or for ``auto`` as a small batch shows.

Half precision changes features, so ``auto`` takes it only where it is measurably faster and the features that it gives
deviate by less than a stated bound from those of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import ProbedCost
from slora_core.features.probe import SMALL, probe_extraction
from slora_core.peers import ALONE, Peers
from slora_core.sources.probed import MeasuredPrecision

EXACT: Final = "fp32"
HALF: Final = "bf16"
FASTER: Final = 0.95
"""Half precision has to take less than this share of the time: what is nearer may be the clock's own noise."""


class ProbedPrecision(NamedTuple):
    """The precision of a run with the cost of its forward passes; ``measured`` where it was to be found out."""

    precision: str
    cost: ProbedCost
    measured: MeasuredPrecision | None = None


def probe_precision(
    encoders: Sequence[Encoder],
    inputs: NDArray[np.float32] | Tensor,
    device: torch.device,
    config: RunConfig,
    *,
    counts: tuple[int, int] = SMALL,
    peers: Peers = ALONE,
) -> ProbedPrecision:
    """Probe the forward passes as ``config`` wants them; for ``auto`` in both precisions, and take the better.

    Of several ranks all must find half precision better. The baseline knows float32 alone.
    """
    if config.run.engine == "baseline":
        return ProbedPrecision(EXACT, probe_extraction(encoders, inputs, device, precision=EXACT, counts=counts))
    if config.precision != "auto":
        precision = config.precision
        return ProbedPrecision(
            precision, probe_extraction(encoders, inputs, device, precision=precision, counts=counts)
        )
    exact = probe_extraction(encoders, inputs, device, precision=EXACT, counts=counts)
    half = deviation = None
    if device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False):
        half = probe_extraction(encoders, inputs, device, precision=HALF, counts=counts)
        deviation = largest_deviation(encoders, inputs[: counts[1]], device)
    bound = config.extraction.precision_bound
    wanted = half is not None and deviation is not None and prefers_half(exact, half, counts[1], deviation, bound)
    agreed = all(peers.gather(wanted))
    chosen = half if agreed and half is not None else exact
    measured = MeasuredPrecision(
        chosen=HALF if agreed else EXACT,
        batch=counts[1],
        deviation=deviation,
        bound=bound,
        fp32_s=_seconds(exact, counts[1]),
        bf16_s=None if half is None else _seconds(half, counts[1]),
        fp32_bytes=_peak_bytes(exact, counts[1]),
        bf16_bytes=None if half is None else _peak_bytes(half, counts[1]),
    )
    return ProbedPrecision(measured.chosen, chosen, measured)


def prefers_half(exact: ProbedCost, half: ProbedCost, batch: int, deviation: float, bound: float) -> bool:
    """Whether bf16 is clearly faster on ``batch`` inputs and deviates by at most ``bound``; never for NaN."""
    return _seconds(half, batch) < FASTER * _seconds(exact, batch) and deviation <= bound


def largest_deviation(encoders: Sequence[Encoder], inputs: NDArray[np.float32] | Tensor, device: torch.device) -> float:
    """||bf16 - fp32|| / ||fp32|| (Frobenius) of the features of ``inputs``, of the model where it is largest."""
    exact, half = (_features(encoders, inputs, device, precision) for precision in (EXACT, HALF))
    return max(
        float(np.linalg.norm(b - a) / max(float(np.linalg.norm(a)), 1e-30)) for a, b in zip(exact, half, strict=True)
    )


def _features(
    encoders: Sequence[Encoder], inputs: NDArray[np.float32] | Tensor, device: torch.device, precision: str
) -> list[NDArray[np.float64]]:
    found: dict[int, NDArray[np.float64]] = {}

    def keep(number: int, _: int, features: NDArray[np.float32]) -> None:
        found[number] = features.astype(np.float64)

    extractor = Extractor(RunContext(device), len(inputs), precision=precision)
    extractor.extract(encoders, [ArrayInputs(inputs)], keep)
    return [found[number] for number in range(len(encoders))]


def _seconds(cost: ProbedCost, batch: int) -> float:
    return cost.batch_s + batch * cost.item_s


def _peak_bytes(cost: ProbedCost, batch: int) -> int:
    return cost.fixed_bytes + batch * cost.item_bytes
