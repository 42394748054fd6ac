"""How many bytes the ranks of a run exchange, from its sizes alone: none of it depends on the number of pairs.

Torch-free. The records count what was really sent; both differ by the few hundred bytes of agreements.
"""

from __future__ import annotations

from slora_core.config import RunConfig
from slora_core.types import Workload

_DOUBLE = 8
_SINGLE = 4


def communicated_bytes(name: str, workload: Workload, config: RunConfig, size: int, *, streams: bool = False) -> int:
    """Sent and received by rank 0 in the stage ``name`` ("linear.fit") of ``size`` ranks: the rank that meets all.

    In a run that ``streams`` the extraction exchanges what fits and statistics do in others.
    """
    if not streams:
        return _stage_bytes(name, workload, config, size - 1)
    if name != "extract":
        return 0
    fits = [f"{operator}.fit" for operator in config.operators.names] if workload.pairs else []
    return sum(_stage_bytes(part, workload, config, size - 1) for part in (*fits, "statistics"))


def _stage_bytes(name: str, workload: Workload, config: RunConfig, others: int) -> int:
    dim = workload.dim
    if name == "linear.fit":
        return others * 3 * dim**2 * _DOUBLE
    if name == "rff.fit":
        sums = config.operators.rff.features * (dim + 1)
        return others * sums * (_DOUBLE + _SINGLE)
    if name == "weaknonlinear.fit":
        return others * (3 * dim**2 + 3) * _SINGLE
    if name == "statistics":
        return others * workload.new_classes * (dim**2 + dim) * _DOUBLE
    return 0
