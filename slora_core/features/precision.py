"""Which precision the forward passes take: as configured, or for ``auto`` as a small batch shows.

Half precision changes features, so ``auto`` takes it only where it is measurably faster and the features that it gives
deviate by less than a stated bound from those of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
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
from slora_core.features.probe import CUDA_BATCHES, SMALL, probe_extraction
from slora_core.memory.devices import profile_of
from slora_core.memory.host_state import host_state_guard
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
    longest: int = 0,
    held_bytes: int = 0,
    peers: Peers = ALONE,
) -> ProbedPrecision:
    """Probe the forward passes as ``config`` wants them; for ``auto`` in both precisions, and take the better.

    Beside the ``held_bytes`` of the models a budget leaves the rest; no part of the inputs has more than ``longest``
    rows (0: not known). Of several ranks all must find half precision better. The baseline knows float32 alone.
    """
    standing_bytes = profile_of(device).standing_bytes
    room = None if config.memory.budget is None else config.memory.budget - held_bytes - standing_bytes
    batches = _batches(config, longest)
    with host_state_guard():
        probe = partial(probe_extraction, encoders, inputs, device, counts=counts, batches=batches, room_bytes=room)
        if config.run.engine == "baseline":
            return ProbedPrecision(EXACT, probe(precision=EXACT))
        if config.precision != "auto":
            return ProbedPrecision(config.precision, probe(precision=config.precision))
        exact = probe(precision=EXACT)
        half = deviation = None
        if device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False):
            half = probe(precision=HALF)
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
        fp32_s=exact.of(counts[1]).seconds,
        bf16_s=None if half is None else half.of(counts[1]).seconds,
        fp32_bytes=exact.of(counts[1]).peak_bytes,
        bf16_bytes=None if half is None else half.of(counts[1]).peak_bytes,
    )
    return ProbedPrecision(measured.chosen, chosen, measured)


def _batches(config: RunConfig, longest: int) -> tuple[int, ...]:
    """The configured batch alone, or those below the longest part of the inputs and that part as a whole."""
    if config.extraction.batch:
        return (config.extraction.batch,)
    if not 0 < longest < CUDA_BATCHES[-1]:
        return CUDA_BATCHES
    return (*(batch for batch in CUDA_BATCHES if batch < longest), longest)


def prefers_half(exact: ProbedCost, half: ProbedCost, batch: int, deviation: float, bound: float) -> bool:
    """Whether bf16 is clearly faster on ``batch`` inputs and deviates by at most ``bound``; never for NaN."""
    return half.of(batch).seconds < FASTER * exact.of(batch).seconds and deviation <= bound


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
