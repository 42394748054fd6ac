"""The engine from Python, on arrays: ``compensate``, ``fit``, ``class_statistics``.

The same plan, budget and events as a run from files; nothing is recorded and results come back as arrays.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.cancel import CancelToken
from slora_core.compensation import Compensation, Move
from slora_core.compensators import registry
from slora_core.compensators.base import Transition
from slora_core.compensators.linear.operator import LinearTransition
from slora_core.compensators.weak_nonlinear.operator import WeakNonlinearTransition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.events import Event
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.planner import refuse_if_infeasible
from slora_core.numerics.noise import GivenNoise, Noise, SharedNoise
from slora_core.planning import JobPlan, plan_job
from slora_core.sources.after_rows import AfterRows
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.checks import check_same_dim
from slora_core.statistics.labels import count_labels
from slora_core.statistics.one_pass import collect_statistics
from slora_core.statistics.state import ClassState, StateBuilder
from slora_core.surroundings import surroundings
from slora_core.types import OPERATORS, Workload

Array: TypeAlias = NDArray[Any] | Tensor

_FITTED_KEYS: Final = {"linear": ("W",), "weaknonlinear": ("A", "B1", "B2", "alphas", "log_scale")}


def compensate(
    features_before: Array,
    features_after: Array,
    state: ClassState,
    *,
    operators: Sequence[str] | str | None = None,
    config: RunConfig | None = None,
    budget: str | int | None = None,
    device: str = "cpu",
    noise: Mapping[str, Array] | None = None,
    fitted: Mapping[str, Mapping[str, Array | float] | Transition] | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, ClassState]:
    """Move the classes of ``state`` through each operator; returns the moved state by operator.

    ``features_before`` and ``features_after`` [N, d] are rows of the same images under the model before and after a
    task. ``config`` holds every setting; ``operators``, ``budget`` and ``device`` override it. ``noise[operator]``
    replaces the seeded standard-normal samples, [S, d] shared by all classes or [C, S, d], and sets the operator's
    sample count S. ``fitted[operator]`` replaces a fit: ``{"W"}`` of the linear operator, ``{"A", "B1", "B2", "alphas",
    "log_scale"}`` of the weak-nonlinear network, or what :func:`fit` returned. Raises InputError for arrays that do
    not fit together, BudgetRefused before anything is computed when no plan fits the budget.
    """
    eps = {name: np.asarray(values) for name, values in (noise or {}).items()}
    config = _configured(config, operators, budget, device, eps)
    pairs = ArrayPairs(features_before, features_after)
    check_same_dim(state, pairs)
    target = resolve_device(config.run.device)
    workload = Workload(pairs.count, pairs.dim, len(state.class_ids))
    builders = {name: StateBuilder(state.class_ids, state.counts, state.dim) for name in config.operators.names}
    with ExitStack() as stack:
        stack.enter_context(host_state_guard())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slora-")))
        job = plan_job(config, (workload,), profile_of(target))
        refuse_if_infeasible(job.plan)
        around = stack.enter_context(
            surroundings(
                config,
                target,
                job,
                emit=on_event or _ignore,
                cancel=cancel or CancelToken(),
                scratch=scratch,
            )
        )
        moves = {
            name: Move(
                state,
                builder,
                range(len(state.class_ids)),
                _noise(name, eps, config, pairs.dim, scratch),
                _transition(name, (fitted or {}).get(name), config, target),
            )
            for name, builder in builders.items()
        }
        Compensation(around.ctx, config, job).run(pairs, moves)
    return {name: builder.finish() for name, builder in builders.items()}


def fit(
    operator: str,
    features_before: Array,
    features_after: Array,
    *,
    config: RunConfig | None = None,
    device: str = "cpu",
) -> Transition:
    """Fit one operator on arrays.

    The transition goes into ``compensate(fitted=...)`` under the same config. A linear one has ``weight`` W [d, d],
    a weak-nonlinear one ``weights`` [3, d, d] (A, B1, B2) and ``gates``.
    """
    config = _configured(config, (operator,), None, device, {})
    pairs = ArrayPairs(features_before, features_after)
    target = resolve_device(config.run.device)
    job: JobPlan = plan_job(config, (Workload(pairs.count, pairs.dim, 1),), profile_of(target))
    with host_state_guard():
        return registry.load(operator, config).fit(RunContext(target), pairs, job.option(f"{operator}.fit"))


def class_statistics(features: Array, labels: ArrayLike | Tensor, *, device: str = "cpu") -> ClassState:
    """Mean and covariance of every class of ``features`` [M, d] with ``labels`` [M]; rows labelled -1 are left out.

    ddof = 1, and 1e-4 I for a class with one sample.
    """
    from slora_core.statistics.plan import statistics_options

    rows = ArrayPairs(features, features, labels)
    target = resolve_device(device)
    ctx = RunContext(target)
    census = count_labels(ctx, rows)
    workload = Workload(0, rows.dim, 0, new_classes=len(census.class_ids), labelled_rows=rows.count)
    option = min(statistics_options(workload, RunConfig(), profile_of(target)), key=lambda o: o.seconds)
    builder = StateBuilder(census.class_ids, census.counts, rows.dim)
    with host_state_guard():
        collect_statistics(ctx, AfterRows(rows), census, option, builder)
    return builder.finish()


def _configured(
    config: RunConfig | None,
    operators: Sequence[str] | str | None,
    budget: str | int | None,
    device: str,
    noise: Mapping[str, NDArray[Any]],
) -> RunConfig:
    changes: dict[str, Any] = {"source": {"kind": "synthetic"}, "run": {"device": device, "sample_hz": 0}}
    if operators is not None:
        changes["operators"] = {"names": operators}
    if budget is not None:
        changes["memory"] = {"budget": budget}
    for name, eps in noise.items():
        if name in OPERATORS and eps.ndim in (2, 3):
            changes.setdefault("operators", {})[name] = {"samples": eps.shape[-2]}
    return (config or RunConfig()).merged(changes)


def _transition(
    name: str, given: Mapping[str, Array | float] | Transition | None, config: RunConfig, device: torch.device
) -> Transition | None:
    if given is None or isinstance(given, Transition):
        return given
    keys = _FITTED_KEYS.get(name, ())
    if set(given) != set(keys):
        raise InputError(f"fitted[{name!r}] has keys {sorted(given)}: expected {list(keys)}")
    arrays = {key: torch.as_tensor(np.asarray(value)) for key, value in given.items()}
    if name == "linear":
        return LinearTransition.from_weights(arrays["W"], config, device)
    return WeakNonlinearTransition.from_weights(
        arrays["A"],
        arrays["B1"],
        arrays["B2"],
        alphas=arrays["alphas"],
        log_scale=float(arrays["log_scale"]),
        config=config,
        device=device,
    )


def _noise(name: str, given: Mapping[str, NDArray[Any]], config: RunConfig, dim: int, scratch: Path) -> Noise | None:
    if name in given:
        return GivenNoise(given[name])
    samples = registry.samples_of(name, config)
    return SharedNoise(config.run.seed, OPERATORS.index(name), samples, dim, scratch) if samples else None


def _ignore(_: Event) -> None:
    return
