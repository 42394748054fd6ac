"""The composer of a run: source, plan, budget, rounds, result; as one stream of events.

The budget's contract: plan (analytic), probe (small batches, where a model's activations cannot be declared), certify
or refuse before anything is computed, enforce (the ledger or the allocator's cap), verify (peak against budget).
"""

from __future__ import annotations

import errno
import tempfile
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import OutputError
from slora_core.events import Event, RunFinished, RunStarted, StagePeaks
from slora_core.memory.devices import environment, profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.sizes import format_size
from slora_core.peers import ALONE, Peers
from slora_core.running.agreement import largest_peaks, plan_of_all, refuse_together
from slora_core.running.feeding import RoundFeed
from slora_core.running.output import check_distributable, check_output
from slora_core.running.planning import JobPlan, plan_again, plan_job
from slora_core.running.preparation import announce_broken_tuning, announce_idle_switches, unread_cache
from slora_core.running.profiles import job_profile
from slora_core.running.rounds import NONE, RoundRunner
from slora_core.running.shares import Share
from slora_core.running.surroundings import enforced_budget_bytes, surroundings
from slora_core.running.warming import warm_up
from slora_core.sources.opened import OpenSource, Source
from slora_core.sources.opening import source_of
from slora_core.sources.probed import Probed
from slora_core.statistics.base import StateReader
from slora_core.streams.scratch import scratch_folder
from slora_core.streams.streaming import Emit, stream_in_thread
from slora_core.types import Workload
from slora_core.wording import counted

DEMO_THREADS: Final = 1
"""Its matrices are too small to share among cores: threads would wait for each other, for long on a busy machine."""


def stream(config: RunConfig, cancel: CancelToken | None = None) -> Generator[Event, None, None]:
    """Run ``config`` in this process and yield its events, the last of them a final one."""
    return stream_in_thread(partial(execute, config), cancel or CancelToken())


def execute(
    config: RunConfig,
    emit: Emit,
    cancel: CancelToken,
    peers: Peers = ALONE,
    *,
    source: Source | None = None,
) -> None:
    """Run ``config`` to its end in this thread, as one of ``peers``.

    ``source`` takes the place of the one that ``config`` names. Raises SloraError; emits the final event only on
    success. A configuration of several processes is run by :mod:`slora_core.isolate` or ``torchrun``, which call this
    in each.
    """
    source = source or source_of(config)
    with ExitStack() as stack:
        stack.callback(source.close)
        stack.enter_context(host_state_guard())
        if threads := config.run.threads or (DEMO_THREADS if config.source.kind == "demo" else 0):
            torch.set_num_threads(threads)
        scratch = Path(stack.enter_context(scratch_folder(config.run.scratch)))
        try:
            with peers.busy():
                device, job, probed = _prepare(config, source, peers)
            precision = probed.precision
            plan = plan_of_all(peers, job.plan)
            if precision is not None:
                plan["precision"] = asdict(precision)
        except BaseException:
            emit(_started(config, None, None))
            raise
        plans = config.run.engine == "optimised"
        emit(_started(config, device, plan if plans else None))
        if plans:
            refuse_together(peers, job.plan, plan.get("ranks", []))
        with _full_disk_explained(config.run.scratch or tempfile.gettempdir()):
            own = config if precision is None else config.with_precision(precision.chosen)
            perform = partial(_perform, own, source, device, job, probed)
            emit(perform(emit=emit, cancel=cancel, scratch=scratch, peers=peers))


@contextmanager
def _full_disk_explained(scratch: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        what = f"the disk of the scratch folder {scratch!r} is full: {error.strerror}"
        raise OutputError(what, "free space there, or name another folder: run.scratch") from error


def _prepare(config: RunConfig, source: Source, peers: Peers) -> tuple[torch.device, JobPlan, Probed]:
    """Device, sizes, probe and plan; and the output's place, so that a run does not end where it cannot be written."""
    if peers.size > 1:
        check_distributable(config)
    device = resolve_device(config.run.device)
    check_output(config)
    workloads = source.workloads()
    probed = source.probe(device, peers)
    plan = partial(
        plan_job,
        config,
        workloads,
        job_profile(config, device, workloads),
        source_requests=probed.requests,
        held_bytes=probed.held_bytes,
        share=Share(peers.rank, peers.size),
    )
    job = plan()
    if not all(peers.gather(job.streams)) and job.streams:
        job = plan(streams=False)
    return device, job, probed


def _started(config: RunConfig, device: torch.device | None, plan: Mapping[str, Any] | None) -> RunStarted:
    return RunStarted(
        t_s=0.0,
        run_id=uuid.uuid4().hex[:12],
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=config.run.engine,
        config=config.to_dict(),
        environment=environment(device),
        plan=plan,
        budget_bytes=enforced_budget_bytes(config),
    )


def _perform(
    config: RunConfig,
    source: Source,
    device: torch.device,
    job: JobPlan,
    probed: Probed,
    *,
    emit: Emit,
    cancel: CancelToken,
    scratch: Path,
    peers: Peers,
) -> RunFinished:
    """Every round of the source, counted and capped."""
    with (
        surroundings(
            config,
            device,
            job,
            emit=emit,
            cancel=cancel,
            scratch=scratch,
            peers=peers,
            unplanned_s=probed.unplanned_s,
        ) as around,
        ExitStack() as open_files,
    ):
        ctx, precision = around.ctx, probed.precision
        unread = unread_cache(config, job, device)
        if precision is not None:
            ctx.notice("precision", precision.describe(), **asdict(precision))
        announce_idle_switches(ctx, config)
        announce_broken_tuning(ctx, config)
        warm_up(ctx, config, job)
        feed = _feed(config, device, job, ctx)
        if feed is not None:
            open_files.callback(feed.close)
        opened = open_files.enter_context(source.open(ctx, job.extraction, feed))
        unmoved = not opened.states or "" in opened.states or NONE in opened.states
        runner = RoundRunner(ctx, config, job, open_files, states=_states(config, opened), feed=feed, unmoved=unmoved)
        for task in range(1, opened.tasks + 1):
            several = opened.tasks > 1
            with ctx.stage(f"task{task}") if several else nullcontext():
                output = Path(config.output.state) if config.output.state and task == opened.tasks else None
                round_ = next(opened.rounds)
                if round_.sizes is not None:
                    runner.job = _planned_again(ctx, config, device, runner.job, round_.sizes)
                runner.run(round_, f"task{task}." if several else "", output)
        del unread
    return _result(config, ctx, runner, largest_peaks(peers, around.peaks))


def _feed(config: RunConfig, device: torch.device, job: JobPlan, ctx: RunContext) -> RoundFeed | None:
    """Where the rows of a streaming run go."""
    if not job.streams:
        return None
    return RoundFeed(
        ctx, config, job.option("extract").choice, job.workloads[0], profile_of(device, config.run.threads)
    )


def _planned_again(
    ctx: RunContext, config: RunConfig, device: torch.device, before: JobPlan, sizes: Workload
) -> JobPlan:
    """The plan of a run of one round whose sizes are other than announced, on all ranks. Raises BudgetRefused."""
    share = Share(ctx.peers.rank, ctx.peers.size)
    job = plan_again(before, config, sizes, job_profile(config, device, (sizes,)), share)
    plan = plan_of_all(ctx.peers, job.plan)
    if config.run.engine == "optimised":
        refuse_together(ctx.peers, job.plan, plan.get("ranks", []))
    stages = {stage.stage: stage for stage in job.plan.stages}
    ctx.expect(
        {name: stage.seconds for name, stage in stages.items()},
        {name: stage.predicted_peak_bytes for name, stage in stages.items()},
    )
    ctx.notice(
        "replanned",
        f"planned again for {counted(sizes.pairs, 'pair')}, {sizes.classes} old and"
        f" {counted(sizes.new_classes, 'new class', 'new classes')}:"
        f" predicted peak {format_size(job.plan.predicted_peak_bytes)}",
        plan=plan,
    )
    return job


def _result(config: RunConfig, ctx: RunContext, runner: RoundRunner, peaks: StagePeaks) -> RunFinished:
    budget_bytes, seconds = enforced_budget_bytes(config), ctx.now()
    whole = peaks.reserved_bytes if ctx.device.type == "cuda" else peaks.allocated_bytes
    used = whole if ctx.bound_peak_bytes is None else ctx.bound_peak_bytes
    return RunFinished(
        t_s=seconds,
        seconds=seconds,
        peaks=peaks,
        outputs={"state": str(Path(config.output.state).resolve())} if config.output.state else {},
        accuracies=runner.accuracies,
        jitter=runner.jitter,
        within_budget=None if budget_bytes is None or used is None else used <= budget_bytes,
        bound_peak_bytes=None if budget_bytes is None else ctx.bound_peak_bytes,
    )


def _states(config: RunConfig, source: OpenSource) -> dict[str, StateReader]:
    """The old classes of every operator: its own variant of the state where there is one, else the common one."""
    if not source.states:
        return {}
    common = source.states.get("") or source.states.get(NONE) or next(iter(source.states.values()))
    return {NONE: common} | {name: source.states.get(name, common) for name in config.operators.names}
