"""What the ranks of a run settle together: whether their plans fit, what is written, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slora_core.events import StagePeaks
from slora_core.memory.plan import Plan
from slora_core.memory.planner import refuse_if_infeasible, refused
from slora_core.peers import Peers
from slora_core.statistics.state_writer import StateFileWriter
from slora_core.types import largest_known


def plan_of_all(peers: Peers, plan: Plan) -> dict[str, Any]:
    """The plan of this rank, and under ``ranks`` a summary of that of every rank."""
    data = plan.to_dict()
    if peers.size > 1:
        data["ranks"] = peers.gather(_summary(plan))
    return data


def refuse_together(peers: Peers, plan: Plan, summaries: list[dict[str, Any]]) -> None:
    """Raises the same BudgetRefused on every rank when the plan of one does not fit: that which needs most."""
    if peers.size == 1:
        refuse_if_infeasible(plan)
        return
    worst = max(range(peers.size), key=lambda rank: (summaries[rank]["smallest_feasible_bytes"], -rank))
    if plan.budget_bytes is not None and not all(summary["feasible"] for summary in summaries):
        needs = summaries[worst]
        raise refused(
            plan.budget_bytes,
            needs["binding_stage"],
            needs["smallest_feasible_bytes"],
            rank=worst,
        )


def share_finished(peers: Peers, file: StateFileWriter) -> None:
    """What a resumed file holds already, from rank 0 to those that have joined it."""
    held = peers.tell({variant: sorted(file.finished(variant)) for variant in file.variants})
    for variant, indices in held.items():
        file.add_finished(variant, indices)


def collect_finished(peers: Peers, file: StateFileWriter) -> None:
    """What every rank has written, flushed and made known to rank 0."""
    if peers.size == 1:
        return
    if peers.rank > 0:
        with peers.busy():
            file.flush()
    for rank_has in peers.gather({variant: sorted(file.finished(variant)) for variant in file.variants}):
        for variant, indices in rank_has.items():
            file.add_finished(variant, indices)


def joined_file(peers: Peers, own: Path | None) -> Path | None:
    """The unfinished file of rank 0, on the ranks that join it; None on rank 0 itself."""
    told = peers.tell(str(own))
    return None if peers.rank == 0 else Path(told)


def merged_jitter(peers: Peers, jitter: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Jitter by operator and class id, of all ranks."""
    merged: dict[str, dict[str, float]] = {}
    for part in peers.gather(dict(jitter)):
        for name, values in part.items():
            merged.setdefault(name, {}).update(values)
    return merged


def largest_peaks(peers: Peers, peaks: StagePeaks) -> StagePeaks:
    """The largest of each counter over all ranks: what a rank needs, not what they need together."""
    table = peers.gather([peaks.allocated_bytes, peaks.reserved_bytes, peaks.rss_bytes])
    return StagePeaks(*(largest_known(column) for column in zip(*table, strict=True)))


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "predicted_peak_bytes": plan.predicted_peak_bytes,
        "bound_bytes": plan.bound_bytes,
        "smallest_feasible_bytes": plan.smallest_feasible_bytes,
        "binding_stage": plan.binding_stage,
        "feasible": plan.feasible,
        "seconds": plan.seconds,
    }
