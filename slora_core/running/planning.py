"""From a configuration and its sizes to the plan of a run: the stages in order, each with its options. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from slora_core.classifiers.plan import evaluate_options
from slora_core.compensators import registry
from slora_core.config import RunConfig, SourceConfig
from slora_core.memory.device import DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.machine import planning_profile
from slora_core.memory.plan import Option, Plan, StageRequest
from slora_core.memory.planner import frontier, make_plan
from slora_core.running.feed_plan import FedChoice, can_stream, fed_request
from slora_core.running.measured import with_measured
from slora_core.running.shares import TRAINED, WHOLE, Share, fit_workload, move_workload, own_workload, received
from slora_core.sources.plan import scan_options
from slora_core.sources.probed import PlannedForward
from slora_core.sources.workloads import workloads_of
from slora_core.statistics.plan import check_options, copied_options, held_buffers, statistics_options
from slora_core.types import Workload

CHECKED_STATES = ("files", "models")
"""Sources whose class state comes from outside."""
DEAD_CACHE_ROWS = 50_000
"""Rows of the seed's ``randn(50000, d)``, allocated on first use and never read."""


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A plan with the options it chose from, so that a stage can run one and fall back to a smaller one.

    ``counted`` are the same requests as the plan counts them, with what lies beside a stage; ``base_bytes`` is live
    throughout. With ``streams`` the rows of the extraction flow into sums as they come. ``workloads`` are those that
    the plan is for.
    """

    plan: Plan
    requests: Mapping[str, StageRequest]
    rounding_bytes: int
    dim: int
    counted: tuple[StageRequest, ...] = ()
    base_bytes: int = 0
    streams: bool = False
    workloads: tuple[Workload, ...] = ()

    def frontier(self, device: DeviceProfile, points: int = 100) -> list[tuple[int, float]]:
        """(predicted peak bytes, seconds) of the run over all budgets: peaks ascend, seconds descend."""
        return frontier(self.counted, device=device, base_bytes=self.base_bytes, points=points, policy=self.plan.policy)

    def option(self, stage: str) -> Option:
        choice = self.plan.stage(stage).choice
        return next(option for option in self.requests[stage].options if option.choice == choice)

    def extraction(self, task: int) -> PlannedForward:
        """Batch and precision of the forward passes of ``task``."""
        stage = f"task{task}.extract"
        choice: PlannedForward = self.option(stage if stage in self.requests else "extract").choice
        return choice

    def smaller(self, stage: str, option: Option) -> Option | None:
        """The cheapest option of ``stage`` that takes at most three quarters of ``option``'s memory."""
        limit = option.footprint.peak_bytes(self.rounding_bytes) * 3 // 4
        fitting = [o for o in self.requests[stage].options if o.footprint.peak_bytes(self.rounding_bytes) <= limit]
        return min(fitting, key=lambda o: o.seconds, default=None)


def plan_config(config: RunConfig, device: DeviceProfile | None = None, share: Share = WHOLE) -> JobPlan:
    """The plan of ``config`` from headers and sizes alone; the device's profile follows from its kind unless given.

    What only a probe can tell, the forward passes of a model, is estimated; a run measures it.
    """
    if device is None:
        device = planning_profile(config.run.device, config.run.threads)
    workloads, requests = announced(config, device, share)
    return plan_job(config, workloads, device, source_requests=requests, share=share)


def announced(
    config: RunConfig, device: DeviceProfile, share: Share = WHOLE
) -> tuple[tuple[Workload, ...], dict[int, tuple[StageRequest, ...]]]:
    """The sizes of the configured source, and its own stages as far as they can be told without a model."""
    if config.source.kind != "models":
        return announced_sizes(config), {}
    from slora_core.sources.models.estimate import estimated_requests
    from slora_core.sources.models.sizes import model_inputs

    inputs = model_inputs(config)
    return (inputs.workload,), estimated_requests(config, inputs, device, share.rank, share.size)


def announced_sizes(config: RunConfig) -> tuple[Workload, ...]:
    """The sizes of the configured source, by task, from headers alone."""
    if config.source.kind != "models":
        return workloads_of(config)
    from slora_core.sources.models.sizes import model_inputs

    return (model_inputs(config).workload,)


def plan_job(
    config: RunConfig,
    workloads: Sequence[Workload],
    device: DeviceProfile,
    *,
    source_requests: Mapping[int, Sequence[StageRequest]] | None = None,
    held_bytes: int = 0,
    share: Share = WHOLE,
    streams: bool | None = None,
) -> JobPlan:
    """Plan every round of a run, on one rank of it.

    ``source_requests[task]`` are stages that the source itself runs before the round's own (extraction), from a probe;
    ``held_bytes`` is what the source holds through the run. ``streams`` says whether rows flow into sums as they are
    extracted; None: where they can and the budget holds the sums.
    A run of one round has plain stage names, one of several prefixes them with ``taskN.``.
    """
    before = source_requests or {}
    if streams is None:
        streams = bool(before.get(1)) and can_stream(config, workloads)
        if streams:
            plans = [_planned(config, workloads, device, before, held_bytes, share, found) for found in (True, False)]
            return _first_feasible(plans)
    return _planned(config, workloads, device, before, held_bytes, share, streams)


def plan_again(
    job: JobPlan, config: RunConfig, sizes: Workload, device: DeviceProfile, share: Share = WHOLE
) -> JobPlan:
    """The plan of a run of one round that has extracted as ``job`` says, for the ``sizes`` that came."""
    extracted = replace(job.requests["extract"], options=(job.option("extract"),))
    return plan_job(config, (sizes,), device, source_requests={1: (extracted,)}, share=share, streams=job.streams)


def _first_feasible(plans: Sequence[JobPlan]) -> JobPlan:
    """The first that fits the budget; where none does that with the smallest feasible one."""
    fitting = [job for job in plans if job.plan.feasible]
    return fitting[0] if fitting else min(plans, key=lambda job: job.plan.smallest_feasible_bytes)


def _planned(  # noqa: PLR0917
    config: RunConfig,
    workloads: Sequence[Workload],
    device: DeviceProfile,
    source_requests: Mapping[int, Sequence[StageRequest]],
    held_bytes: int,
    share: Share,
    streams: bool,
) -> JobPlan:
    requests: list[StageRequest] = []
    moved: dict[str, int] = {}
    for number, workload in enumerate(workloads, start=1):
        prefix = f"task{number}." if len(workloads) > 1 else ""
        own = list(source_requests.get(number, ()))
        following = round_requests(config, workload, device, prefix, share, streams)
        if streams:
            own = [_fed(request, following, workload, config, device, share) for request in own]
        of_round = [*(replace(request, stage=f"{prefix}{request.stage}") for request in own), *following]
        if config.memory.policy == "tuned" and share == WHOLE:
            of_round = [with_measured(request, workload, config, device) for request in of_round]
        requests += of_round
        # a state held whole is held whole on every rank
        moved |= {f"{prefix}{name}.move": workload.classes for name in config.operators.names}
    if not config.measures.stage_release:
        requests = _without_release(requests)
    dim = max(workload.dim for workload in workloads)
    planned = requests
    if not config.measures.device_split:
        planned = [_beside(r, held_buffers(moved[r.stage], dim)) if r.stage in moved else r for r in requests]
    base = held_bytes + base_bytes(config, workloads) + device.standing_bytes
    plan = make_plan(
        planned, budget_bytes=config.memory.budget, policy=config.memory.policy, base_bytes=base, device=device
    )
    named = {request.stage: request for request in requests}
    return JobPlan(plan, named, device.rounding_bytes, dim, tuple(planned), base, streams, tuple(workloads))


def _fed(  # noqa: PLR0917
    request: StageRequest,
    following: Sequence[StageRequest],
    workload: Workload,
    config: RunConfig,
    device: DeviceProfile,
    share: Share,
) -> StageRequest:
    """The extraction with the sums beside it, unless they are there; the fitted operators stay to the last move."""
    moves = [number for number, found in enumerate(following, start=1) if found.stage.endswith(".move")]
    is_fed = isinstance(request.options[0].choice, FedChoice)
    fed = request if is_fed else fed_request(request, workload, config, device, share)
    return replace(fed, keeps_for=max(moves, default=0))


def base_bytes(config: RunConfig, workloads: Sequence[Workload]) -> int:
    """What is live through the whole run: the seed's dead cache, when the smart feature cache is off."""
    return 0 if config.measures.feature_cache else DEAD_CACHE_ROWS * max(w.dim for w in workloads) * 4


def round_requests(  # noqa: PLR0917
    config: RunConfig,
    workload: Workload,
    device: DeviceProfile,
    prefix: str,
    share: Share = WHOLE,
    streams: bool = False,
) -> list[StageRequest]:
    """The stages of one round in order. A round without pairs only takes statistics and evaluates."""
    memory = config.memory.model_copy(update={"budget": None})
    plain = RunConfig(
        source=SourceConfig(kind=config.source.kind),
        operators=config.operators,
        classifiers=config.classifiers,
        memory=memory,
        measures=config.measures,
    )
    return list(_kept_requests(plain, workload, replace(device, measured=()), prefix, share, streams))


@lru_cache(maxsize=64)
def _kept_requests(  # noqa: PLR0917
    config: RunConfig, workload: Workload, device: DeviceProfile, prefix: str, share: Share, streams: bool
) -> tuple[StageRequest, ...]:
    """Kept for the next call: the options are the same whatever the budget, which a person drags about."""
    if streams:
        return _fed_requests(config, workload, device, prefix, share)
    return new_requests(config, workload, device, prefix, share)


def new_requests(
    config: RunConfig, workload: Workload, device: DeviceProfile, prefix: str = "", share: Share = WHOLE
) -> tuple[StageRequest, ...]:
    """As :func:`round_requests`, and not kept: for profiles that are looked at once."""
    requests: list[StageRequest] = []
    own = own_workload(workload, share)
    if workload.pairs:
        requests.append(StageRequest("scan", scan_options(own, config, device)))
        if config.source.kind in CHECKED_STATES:
            requests.append(StageRequest("check", check_options(own, config, device)))
        if not config.measures.progressive_release:
            requests.append(_load_request(workload))
    if workload.new_classes:
        requests.append(StageRequest("statistics", statistics_options(own, config, device)))
    if workload.pairs:
        for name in config.operators.names:
            fit = registry.fit_options(name, fit_workload(name, workload, share), config, device)
            if share.rank > 0 and name in TRAINED:
                fit = received(fit)
            move = registry.move_options(name, move_workload(workload, share), config, device)
            requests += [StageRequest(f"{name}.fit", fit, keeps_for=1), StageRequest(f"{name}.move", move)]
    if workload.evaluation_rows:
        requests.append(StageRequest("evaluate", evaluate_options(workload, config, device)))
    return tuple(_in_round(request, number, len(requests), prefix) for number, request in enumerate(requests))


def _fed_requests(
    config: RunConfig, workload: Workload, device: DeviceProfile, prefix: str, share: Share
) -> tuple[StageRequest, ...]:
    """What is left of a round when its rows have come: operators are fitted, statistics are taken but of late rows."""
    requests: list[StageRequest] = []
    own = own_workload(workload, share)
    if workload.pairs:
        if workload.evaluation_rows:
            requests.append(StageRequest("scan", scan_options(replace(own, pairs=own.evaluation_rows), config, device)))
        requests.append(StageRequest("check", check_options(own, config, device)))
    if workload.new_classes:
        options = statistics_options(own, config, device) if workload.late else copied_options(workload, device)
        requests.append(StageRequest("statistics", options))
    if workload.pairs:
        for name in config.operators.names:
            move = registry.move_options(name, move_workload(workload, share), config, device)
            requests.append(StageRequest(f"{name}.move", move))
    if workload.evaluation_rows:
        requests.append(StageRequest("evaluate", evaluate_options(workload, config, device)))
    return tuple(replace(request, stage=f"{prefix}{request.stage}") for request in requests)


def _in_round(request: StageRequest, number: int, stages: int, prefix: str) -> StageRequest:
    """The request under the round's prefix; what ``load`` keeps lives to the end of the round."""
    keeps_for = stages - 1 - number if request.stage == "load" else request.keeps_for
    return replace(request, stage=f"{prefix}{request.stage}", keeps_for=keeps_for)


def _load_request(workload: Workload) -> StageRequest:
    """Without progressive release both feature sets are held in lists, concatenated, and kept for the round."""
    rows = (workload.pairs, workload.dim)
    footprint = Footprint(
        kept=(Buffer("before", rows), Buffer("after", rows)),
        phases=(("concatenate", (Buffer("pieces_before", rows), Buffer("pieces_after", rows))),),
    )
    return StageRequest("load", (Option(LoadChoice(), footprint, 0.0),))


@dataclass(frozen=True, slots=True)
class LoadChoice:
    """The only way to load whole features."""


def _beside(request: StageRequest, buffers: tuple[Buffer, ...]) -> StageRequest:
    """The request as the plan counts it: with ``buffers`` that live through the stage beside its workspace."""
    options = tuple(
        replace(option, footprint=replace(option.footprint, standing=(*option.footprint.standing, *buffers)))
        for option in request.options
    )
    return replace(request, options=options)


def _without_release(requests: Sequence[StageRequest]) -> list[StageRequest]:
    """Every standing buffer stays live to the end of the run, as in the seed."""
    return [
        replace(
            request,
            options=tuple(replace(option, footprint=_hoarded(option.footprint)) for option in request.options),
            keeps_for=len(requests),
        )
        for request in requests
    ]


def _hoarded(footprint: Footprint) -> Footprint:
    return replace(footprint, kept=footprint.kept + footprint.standing, standing=())
