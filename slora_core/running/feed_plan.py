"""What an extraction takes whose rows flow into sums at once: the forward passes with the sums beside them. Torch-free.

The rows of some batches are gathered in a block; then every operator and the class statistics add them to their sums,
each with an option of its own fit. When the last image is done and the model is gone the operators are fitted. Where
new classes are known late their statistics are no part of it: the memory of their sums could not be planned for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from slora_core.compensators import registry
from slora_core.config import RunConfig
from slora_core.features.plan import ExtractionChoice
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option, StageRequest
from slora_core.running.shares import SUMMED, Share, own_workload
from slora_core.statistics.plan import statistics_options
from slora_core.types import Workload

BLOCK_ROWS: Final = (32, 128, 512)
_FORWARD: Final = "forward"


@dataclass(frozen=True, slots=True)
class FedChoice:
    """Inputs of one forward pass and its precision, and rows that are gathered before they are added to the sums."""

    batch: int
    rows: int
    precision: str = "fp32"


@dataclass(frozen=True, slots=True)
class FedStages:
    """The options by which the sums of a feed are taken: of operators by name, and of the class statistics."""

    operators: Mapping[str, Option] = field(default_factory=dict)
    statistics: Option | None = None

    @property
    def named(self) -> dict[str, Option]:
        statistics = {} if self.statistics is None else {"statistics": self.statistics}
        return {**self.operators, **statistics}


def can_stream(config: RunConfig, workloads: Sequence[Workload]) -> bool:
    """Whether the rows of a run of one round on models are needed once alone: as pairs of operators that are sums, or
    of a first task whose classes are known beforehand.
    """
    measures, workload = config.measures, workloads[0]
    return (
        config.extraction.stream
        and config.source.kind == "models"
        and config.run.engine == "optimised"
        and measures.progressive_release
        and measures.stage_release
        and len(workloads) == 1
        and (set(config.operators.names) <= set(SUMMED) if workload.pairs else _takes_statistics(workload))
    )


def fed_stages(rows: int, workload: Workload, config: RunConfig, device: DeviceProfile, share: Share) -> FedStages:
    """The options of the sums when blocks of ``rows`` come."""
    own = _expected(workload, share)
    operators = {}
    if workload.pairs:
        for name in config.operators.names:
            operators[name] = _nearest(registry.fit_options(name, own, config, device), rows)
    statistics = None
    if _takes_statistics(workload):
        found = [o for o in statistics_options(own, config, device) if o.choice.classes == workload.new_classes]
        statistics = _nearest(found, rows)
    return FedStages(operators, statistics)


def block_footprint(choice: FedChoice, workload: Workload, device: DeviceProfile) -> Footprint:
    """Rows that wait, and one batch more; in host memory whatever the device."""
    shape, pinned = (choice.rows + choice.batch, workload.dim), device.kind == "cuda"
    before = (Buffer("fed_before", shape, pinned=pinned),) if workload.pairs else ()
    return Footprint(standing=(*before, Buffer("fed_after", shape, pinned=pinned)))


def fed_request(
    request: StageRequest, workload: Workload, config: RunConfig, device: DeviceProfile, share: Share
) -> StageRequest:
    """The ``extract`` stage of :func:`~slora_core.features.plan.extraction_options` with the sums beside it."""
    pairs = max(1, _expected(workload, share).pairs or workload.labelled_rows)
    options = []
    for rows in sorted({min(rows, pairs) for rows in BLOCK_ROWS}):
        stages = fed_stages(rows, workload, config, device, share)
        for option in request.options:
            forward: ExtractionChoice = option.choice
            choice = FedChoice(forward.batch, rows, forward.precision)
            footprint = _beside(option.footprint, block_footprint(choice, workload, device), stages, device)
            seconds = option.seconds + sum(stage.seconds for stage in stages.named.values())
            options.append(Option(choice, footprint, seconds, option.measured))
    return replace(request, options=tuple(options))


def _takes_statistics(workload: Workload) -> bool:
    """Whether the classes of the rows are known before the first of them comes."""
    return workload.new_classes > 0 and not workload.late


def _expected(workload: Workload, share: Share) -> Workload:
    """What the sums of a rank are planned for: a loader may bring more rows than it says, or not say how many."""
    own = own_workload(workload, share)
    return replace(own, pairs=max(own.pairs, BLOCK_ROWS[-1])) if workload.late and workload.pairs else own


def _nearest(options: Sequence[Option], rows: int) -> Option:
    """The option of most rows up to ``rows``, or the smallest."""
    fitting = [option for option in options if option.choice.rows <= rows]
    return max(fitting, key=_rows, default=min(options, key=_rows))


def _rows(option: Option) -> int:
    return int(option.choice.rows)


def _beside(forward: Footprint, block: Footprint, stages: FedStages, device: DeviceProfile) -> Footprint:
    """One footprint: what the sums hold to the end, then while images come, then while an operator is fitted."""
    parts = {name: _as_allocated(name, option.footprint, device) for name, option in stages.named.items()}
    phases = dict(forward.phases)
    coming = [*forward.standing, *phases.get(_FORWARD, ()), *block.standing]
    later = {f"{name}.{phase}": buffers for name, part in parts.items() for phase, buffers in part.phases[1:]}
    for part in parts.values():
        coming += [buffer for _, buffers in part.phases[:1] for buffer in buffers]
    return Footprint(
        kept=(*forward.kept, *(buffer for part in parts.values() for buffer in part.kept)),
        standing=tuple(buffer for part in parts.values() for buffer in part.standing),
        phases=((_FORWARD, tuple(coming)), *later.items()),
        workspace_bytes=forward.workspace_bytes + sum(part.workspace_bytes for part in parts.values()),
    )


def _as_allocated(name: str, found: Footprint, device: DeviceProfile) -> Footprint:
    """``found`` with the buffers' owner in their names; on CUDA the arenas that a workspace is cut from."""

    def named(buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
        return tuple(buffer._replace(name=f"{name}_{buffer.name}") for buffer in buffers)

    if not device.segment_bytes:
        phases = tuple((phase, named(buffers)) for phase, buffers in found.phases)
        return Footprint(named(found.standing), phases, named(found.kept), found.workspace_bytes)
    peak, kept = found.arena_totals()
    pinned = [buffer for buffer in found.kept + found.standing if buffer.pinned]
    pinned += [buffer for _, buffers in found.phases for buffer in buffers if buffer.pinned]
    arena = Buffer(f"{name}_sums", (peak - kept - found.workspace_bytes,), "uint8")
    kept_arena = (Buffer(f"{name}_fitted", (kept,), "uint8"),) if kept else ()
    return Footprint((arena, *named(pinned)), kept=kept_arena, workspace_bytes=found.workspace_bytes)
