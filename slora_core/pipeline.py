"""The composer of a run: source, plan, budget, rounds, result; as one stream of events.

The budget's contract: plan (analytic), probe (small batches, where a model's activations cannot be declared), certify or
refuse before anything is computed, enforce (the ledger or the allocator's cap), verify (the peak against the budget).
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import ConfigError
from slora_core.events import Event, RunFinished, RunStarted, StagePeaks
from slora_core.memory.devices import environment, profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.planner import refuse_if_infeasible
from slora_core.planning import DEAD_CACHE_ROWS, JobPlan, plan_job
from slora_core.probing import probed_requests
from slora_core.rounds import NONE, RoundRunner
from slora_core.sources.opening import OpenSource, open_source
from slora_core.sources.workloads import workloads_of
from slora_core.statistics.base import StateReader
from slora_core.streaming import Emit, stream_in_thread
from slora_core.surroundings import enforced_budget_bytes, surroundings


def stream(config: RunConfig, cancel: CancelToken | None = None) -> Iterator[Event]:
    """Run ``config`` in this process and yield its events, the last of them a final one."""
    return stream_in_thread(partial(execute, config), cancel or CancelToken())


def execute(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Run ``config`` to its end in this thread. Raises SloraError; emits the final event only on success."""
    with ExitStack() as stack:
        stack.enter_context(host_state_guard())
        if config.run.threads:
            torch.set_num_threads(config.run.threads)
        scratch = _scratch(config, stack)
        run = _Run(config, emit, cancel, scratch)
        try:
            run.prepare()
        except BaseException:
            emit(run.started(None))
            raise
        run.perform()


def _scratch(config: RunConfig, stack: ExitStack) -> Path:
    """A folder of the run's own, removed with everything in it at the end."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="slora-", dir=config.run.scratch)
    except OSError as error:
        raise ConfigError(f"run.scratch = {config.run.scratch!r} cannot be used: {error.strerror}") from None
    return Path(stack.enter_context(folder))


@dataclass(slots=True)
class _Run:
    config: RunConfig
    emit: Emit
    cancel: CancelToken
    scratch: Path
    device: torch.device = torch.device("cpu")
    job: JobPlan | None = None

    def prepare(self) -> None:
        """Sizes, probe and plan."""
        self.device = resolve_device(self.config.run.device)
        workloads = workloads_of(self.config)
        probed = probed_requests(self.config, self.device)
        self.job = plan_job(self.config, workloads, profile_of(self.device), source_requests=probed)

    def started(self, plan: Mapping[str, Any] | None) -> RunStarted:
        return RunStarted(
            t_s=0.0,
            run_id=uuid.uuid4().hex[:12],
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            engine=self.config.run.engine,
            config=self.config.to_dict(),
            environment=environment(self.device),
            plan=plan,
            budget_bytes=enforced_budget_bytes(self.config),
        )

    def perform(self) -> None:
        job = self.job
        assert job is not None
        plans = self.config.run.engine == "optimised"
        self.emit(self.started(job.plan.to_dict() if plans else None))
        if plans:
            refuse_if_infeasible(job.plan)
        with (
            surroundings(
                self.config, self.device, job, emit=self.emit, cancel=self.cancel, scratch=self.scratch
            ) as around,
            ExitStack() as open_files,
        ):
            runner = self._run_rounds(around.ctx, job, open_files)
        assert around.peaks is not None
        self.emit(self._result(around.ctx, runner, around.peaks))

    def _run_rounds(self, ctx: RunContext, job: JobPlan, stack: ExitStack) -> RoundRunner:
        config = self.config
        unread = self._unread_cache(job)
        source = stack.enter_context(open_source(config, ctx))
        runner = RoundRunner(ctx, config, job, stack, states=_states(config, source))
        for task in range(1, source.tasks + 1):
            several = source.tasks > 1
            with ctx.stage(f"task{task}") if several else nullcontext():
                output = Path(config.output.state) if config.output.state and task == source.tasks else None
                runner.run(next(source.rounds), f"task{task}." if several else "", output)
        del unread
        return runner

    def _unread_cache(self, job: JobPlan) -> torch.Tensor | None:
        """The seed's random cache, held and never read, when the smart feature cache is off; the baseline has its own."""
        if self.config.measures.feature_cache or self.config.run.engine == "baseline":
            return None
        return torch.randn(DEAD_CACHE_ROWS, job.dim, device=self.device)

    def _result(self, ctx: RunContext, runner: RoundRunner, peaks: StagePeaks) -> RunFinished:
        budget_bytes = enforced_budget_bytes(self.config)
        used = peaks.reserved_bytes if self.device.type == "cuda" else peaks.allocated_bytes
        within = None if budget_bytes is None or used is None else used <= budget_bytes
        outputs = {"state": str(Path(self.config.output.state).resolve())} if self.config.output.state else {}
        return RunFinished(ctx.now(), ctx.now(), peaks, outputs, runner.accuracies, runner.jitter, within)


def _states(config: RunConfig, source: OpenSource) -> dict[str, StateReader]:
    """The old classes of every operator: its own variant of the state where there is one, else the common one."""
    if not source.states:
        return {}
    common = source.states.get("") or source.states.get(NONE) or next(iter(source.states.values()))
    return {NONE: common} | {name: source.states.get(name, common) for name in config.operators.names}
