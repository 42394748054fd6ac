"""The engine from Python, on arrays: ``compensate``, ``fit``, ``class_statistics``.

The same plan, budget and events as a run from files; nothing is recorded and results come back as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.api_checks import Array, check_is_state, checked_noise, checked_transition, settings_of
from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.base import FitOrigin, Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.events import Event
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.planner import refuse_if_infeasible
from slora_core.numerics.noise import GivenNoise, Noise, SharedNoise
from slora_core.running.compensation import Compensation, Move
from slora_core.running.planning import plan_job
from slora_core.running.preparation import held_or_streamed, scan, unread_cache
from slora_core.running.surroundings import surroundings
from slora_core.sources.arrays import ArrayPairs, ArrayRows
from slora_core.sources.finite import check_finite, check_rows_finite
from slora_core.sources.plan import scan_options
from slora_core.statistics.base import StateReader
from slora_core.statistics.checks import check_same_dim, check_state
from slora_core.statistics.labels import count_labels
from slora_core.statistics.one_pass import collect_statistics
from slora_core.statistics.plan import statistics_options
from slora_core.statistics.state import ClassState, StateBuilder
from slora_core.streams.scratch import scratch_folder
from slora_core.types import OPERATORS, Workload


def compensate(
    features_before: Array,
    features_after: Array,
    state: StateReader,
    *,
    operators: Sequence[str] | str | None = None,
    config: RunConfig | None = None,
    budget: str | int | None = None,
    device: str | None = None,
    noise: Mapping[str, Array] | None = None,
    fitted: Mapping[str, Mapping[str, Array] | Transition] | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, ClassState]:
    """Move the classes of ``state`` through each operator; returns the moved state by operator.

    ``features_before`` and ``features_after`` [N, d] are rows of the same images under the model before and after a
    task; ``state`` is a :class:`ClassState` or an open class-state file. ``config`` holds every setting; ``operators``,
    ``budget`` and ``device`` (the CPU, if neither names one) override it. ``noise[operator]`` replaces the seeded
    standard-normal samples, [S, d] shared by all classes or [C, S, d], and sets the operator's sample count S.
    ``fitted[operator]`` replaces a fit: ``{"W"}`` of the linear operator, ``{"A", "B1", "B2", "alphas", "log_scale"}``
    of the weak-nonlinear network, or what :func:`fit` returned. Raises InputError for arrays that do not fit together
    or are not finite, BudgetRefused before anything is computed when no plan fits the budget, RunCancelled.
    """
    check_is_state(state)
    pairs = ArrayPairs(features_before, features_after)
    check_same_dim(state, pairs)
    workload = Workload(pairs.count, pairs.dim, len(state.class_ids))
    eps = {name: checked_noise(name, values, workload) for name, values in (noise or {}).items()}
    config = _configured(config, operators, budget, device, eps)
    target = resolve_device(config.run.device)
    given = {name: checked_transition(name, fit, workload, config, target) for name, fit in (fitted or {}).items()}
    builders = {name: StateBuilder(state.class_ids, state.counts, state.dim) for name in config.operators.names}
    with ExitStack() as stack:
        stack.enter_context(host_state_guard())
        if config.run.threads:
            torch.set_num_threads(config.run.threads)
        scratch = Path(stack.enter_context(scratch_folder(config.run.scratch)))
        job = plan_job(config, (workload,), profile_of(target, config.run.threads))
        refuse_if_infeasible(job.plan)
        beside = surroundings(
            config, target, job, emit=on_event or _ignore, cancel=cancel or CancelToken(), scratch=scratch
        )
        ctx = stack.enter_context(beside).ctx
        unread = unread_cache(config, job, target)
        scan(ctx, job, pairs)
        with ctx.stage("check", total=workload.classes, unit="classes"):
            check_state(ctx, state, job.option("check"))
        moves = {
            name: Move(
                state,
                builder,
                range(workload.classes),
                _noise(name, eps, config, pairs.dim, scratch),
                given.get(name),
            )
            for name, builder in builders.items()
        }
        Compensation(ctx, config, job).run(held_or_streamed(ctx, config, job, pairs), moves)
        del unread
    return {name: builder.finish() for name, builder in builders.items()}


def fit(
    operator: str,
    features_before: Array,
    features_after: Array,
    *,
    config: RunConfig | None = None,
    device: str | None = None,
) -> Transition:
    """Fit one operator on arrays, without a budget.

    The transition goes into ``compensate(fitted=...)`` under the same config, as often as wanted; that of the attention
    with the same pairs, which are its keys. A linear one has ``weight`` W [d, d], a weak-nonlinear one ``weights``
    [3, d, d] (A, B1, B2) and ``gates``. Raises InputError.
    """
    config = _configured(config, (operator,), None, device, {}).merged({"memory": {"budget": None}})
    pairs = ArrayPairs(features_before, features_after)
    target = resolve_device(config.run.device)
    job = plan_job(config, (Workload(pairs.count, pairs.dim, 1),), profile_of(target, config.run.threads))
    ctx = RunContext(target)
    with host_state_guard():
        if config.run.threads:
            torch.set_num_threads(config.run.threads)
        check_finite(ctx, pairs, job.option("scan"))
        transition = registry.load(operator, config).fit(ctx, pairs, job.option(f"{operator}.fit"))
    transition.origin = FitOrigin(pairs.count, pairs.dim, settings_of(operator, config))
    return transition


def class_statistics(features: Array, labels: Array, *, device: str = "cpu") -> ClassState:
    """Mean and covariance of every class of ``features`` [M, d] with ``labels`` [M]; rows labelled -1 are left out.

    ddof = 1, and 1e-4 I for a class with one sample. Raises InputError.
    """
    rows = ArrayRows(features, labels)
    target, config = resolve_device(device), RunConfig()
    ctx = RunContext(target)
    census = count_labels(ctx, rows)
    classes = len(census.class_ids)
    workload = Workload(rows.count, rows.dim, 0, new_classes=classes, labelled_rows=rows.count)
    option = min(statistics_options(workload, config, profile_of(target)), key=lambda option: option.seconds)
    builder = StateBuilder(census.class_ids, census.counts, rows.dim)
    with host_state_guard():
        check_rows_finite(ctx, rows, scan_options(workload, config, profile_of(target))[-1], "the rows")
        collect_statistics(ctx, rows, census, option, builder)
    return builder.finish()


def _configured(
    config: RunConfig | None,
    operators: Sequence[str] | str | None,
    budget: str | int | None,
    device: str | None,
    noise: Mapping[str, NDArray[np.float32]],
) -> RunConfig:
    """The settings of a call; its source counts as files, whose class states are checked too."""
    named = device or ("cpu" if config is None else config.run.device)
    changes: dict[str, Any] = {"source": {"kind": "files"}, "run": {"device": named, "sample_hz": 0}}
    changes["run"]["engine"] = "optimised"
    if operators is not None:
        changes["operators"] = {"names": operators}
    if budget is not None:
        changes["memory"] = {"budget": budget}
    for name, eps in noise.items():
        changes.setdefault("operators", {})[name] = {"samples": eps.shape[-2]}
    return (config or RunConfig()).merged(changes)


def _noise(
    name: str, given: Mapping[str, NDArray[np.float32]], config: RunConfig, dim: int, scratch: Path
) -> Noise | None:
    if name in given:
        return GivenNoise(given[name])
    samples = registry.samples_of(name, config)
    return SharedNoise(config.run.seed, OPERATORS.index(name), samples, dim, scratch) if samples else None


def _ignore(_: Event) -> None:
    return
