"""Everything that stands beside a running job: counters, cap, sampler, clock and context, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.events import StagePeaks
from slora_core.memory.devices import budget_cap, run_stream
from slora_core.memory.host_count import HostCount
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Meter
from slora_core.memory.meters import CpuMeter, CudaMeter
from slora_core.memory.probe import Probe, RssPeaks
from slora_core.memory.sampler import Sampler
from slora_core.memory.workspace import retaining
from slora_core.peers import ALONE, Peers
from slora_core.running.planning import JobPlan
from slora_core.streams.streaming import Emit


def enforced_budget_bytes(config: RunConfig) -> int | None:
    """What the ledger or the allocator refuses beyond; None for the baseline, which knows no budget."""
    return None if config.run.engine == "baseline" else config.memory.budget


NOT_MEASURED: Final = StagePeaks()


@dataclass(slots=True)
class Surroundings:
    """``ctx`` for the stages; ``peaks`` are those of the whole run, known once it is over."""

    ctx: RunContext
    peaks: StagePeaks = NOT_MEASURED


@contextmanager
def surroundings(
    config: RunConfig,
    device: torch.device,
    job: JobPlan,
    *,
    emit: Emit,
    cancel: CancelToken,
    scratch: Path,
    peers: Peers = ALONE,
    unplanned_s: Mapping[str, float] | None = None,
) -> Iterator[Surroundings]:
    """Count, cap and sample what happens inside the context; ``peaks`` are set when it ends normally.

    ``unplanned_s`` are seconds by path of stages that ``job`` leaves out.
    """
    budget_bytes = enforced_budget_bytes(config)
    on_cpu = device.type == "cpu"
    if not on_cpu:
        torch.cuda.empty_cache()  # what the program only keeps for later is not in the way
    ledger, host = Ledger(budget_bytes), HostCount()
    with budget_cap(device, budget_bytes) as lifted, ExitStack() as stack:

        @contextmanager
        def unbudgeted() -> Iterator[None]:
            with ledger.unbudgeted(), lifted():
                yield

        meter: Meter = CpuMeter(ledger) if on_cpu else CudaMeter(device, host)
        shared = Path(peers.tell(str(scratch)))
        plans = config.run.engine == "optimised"
        stages = job.plan.stages if plans else ()
        ctx = RunContext(
            device,
            meter=meter,
            emit=emit,
            cancel=cancel,
            scratch=scratch,
            predicted_s={stage.stage: stage.seconds for stage in stages},
            predicted_peak_bytes={stage.stage: stage.predicted_peak_bytes for stage in stages},
            unplanned_s=unplanned_s if plans else None,
            rss_peaks=RssPeaks(),
            unbudgeted=unbudgeted,
            peers=peers,
            shared=shared,
        )
        sampler = Sampler(
            config.run.sample_hz,
            meter=meter,
            probe=Probe((device.index or 0) if device.type == "cuda" else None),
            position=ctx,
            emit=emit,
            budget_bytes=budget_bytes,
        )
        result = Surroundings(ctx)
        stack.enter_context(ledger if on_cpu else host.counting())
        stack.enter_context(run_stream(device))
        stack.enter_context(sampler)
        if not config.measures.stage_release:
            stack.enter_context(retaining())
        ctx.rss_peaks.push()
        meter.push()
        yield result
        peak = meter.pop()
        result.peaks = StagePeaks(peak.allocated_bytes, peak.reserved_bytes, ctx.rss_peaks.pop())
