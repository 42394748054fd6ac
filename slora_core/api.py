"""The engine from Python, on arrays: ``compensate``, ``fit``, ``class_statistics``.

The same plan, budget and events as a run from files; nothing is recorded and results come back as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.attention.operator import AttentionTransition
from slora_core.compensators.base import FitOrigin, Transition
from slora_core.compensators.linear.operator import LinearTransition
from slora_core.compensators.rff.operator import RffTransition
from slora_core.compensators.weak_nonlinear.operator import WeakNonlinearTransition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
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

Array: TypeAlias = ArrayLike | Tensor

_FITTED_SHAPES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "linear": {"W": ("d", "d")},
    "weaknonlinear": {"A": ("d", "d"), "B1": ("d", "d"), "B2": ("d", "d"), "alphas": ("2",), "log_scale": ()},
}
_TRANSITIONS: Final[dict[str, type[Transition]]] = {
    "linear": LinearTransition,
    "weaknonlinear": WeakNonlinearTransition,
    "attention": AttentionTransition,
    "rff": RffTransition,
}


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
    pairs = ArrayPairs(features_before, features_after)
    check_same_dim(state, pairs)
    workload = Workload(pairs.count, pairs.dim, len(state.class_ids))
    eps = {name: _checked_noise(name, values, workload) for name, values in (noise or {}).items()}
    config = _configured(config, operators, budget, device, eps)
    target = resolve_device(config.run.device)
    given = {name: _transition(name, fit, workload, config, target) for name, fit in (fitted or {}).items()}
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
        Compensation(ctx, config, job).run(held_or_streamed(ctx, config, pairs), moves)
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
    transition.origin = FitOrigin(pairs.count, pairs.dim, _settings_of(operator, config))
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


def _transition(
    name: str,
    given: Mapping[str, Array] | Transition,
    workload: Workload,
    config: RunConfig,
    device: torch.device,
) -> Transition:
    """What ``fitted[name]`` says, for the pairs of ``workload``. Raises InputError."""
    _check_operator("fitted", name)
    if isinstance(given, Transition):
        if not isinstance(given, _TRANSITIONS[name]):
            raise InputError(
                f"fitted[{name!r}] is of type {type(given).__name__}; expected {_TRANSITIONS[name].__name__}"
            )
        _check_origin(name, given, workload, config)
        return given
    if not isinstance(given, Mapping):
        raise InputError(
            f"fitted[{name!r}] is of type {type(given).__name__}; expected what fit({name!r}, ...) returned"
        )
    shapes = _FITTED_SHAPES.get(name)
    if shapes is None:
        raise InputError(f"fitted[{name!r}] is given as arrays; expected what fit({name!r}, ...) returned")
    if set(given) != set(shapes):
        raise InputError(f"fitted[{name!r}] has keys {sorted(given)}: expected {list(shapes)}")
    arrays = {key: torch.from_numpy(_floats(f"fitted[{name!r}][{key!r}]", given[key])) for key in shapes}
    for key, shape in shapes.items():
        expected = [workload.dim if axis == "d" else int(axis) for axis in shape]
        if list(arrays[key].shape) != expected:
            raise InputError(f"fitted[{name!r}][{key!r}] has shape {list(arrays[key].shape)}; expected {expected}")
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


def _settings_of(name: str, config: RunConfig) -> dict[str, Any]:
    """What a transition of operator ``name`` takes from the configuration of its fit; S goes by the noise."""
    settings: dict[str, Any] = getattr(config.operators, name).model_dump(exclude={"samples"})
    return settings | {"cholesky_reg": config.operators.cholesky_reg}


def _check_origin(name: str, transition: Transition, workload: Workload, config: RunConfig) -> None:
    """Raises InputError for a transition that moves classes otherwise than what is given here says."""
    origin = transition.origin
    if origin is None:
        return
    if origin.dim != workload.dim:
        raise InputError(f"fitted[{name!r}] was fitted on features of d = {origin.dim}; expected {workload.dim}")
    if name == "attention" and origin.pairs != workload.pairs:
        raise InputError(
            f"fitted[{name!r}] was fitted on {origin.pairs} pairs, which are its keys; expected the same pairs here,"
            f" and {workload.pairs} are given"
        )
    for key, value in _settings_of(name, config).items():
        if origin.settings[key] != value:
            raise InputError(
                f"fitted[{name!r}] was fitted with {key} = {origin.settings[key]!r}; expected {value!r}, as in the"
                " configuration of this call"
            )


def _checked_noise(name: str, values: Array, workload: Workload) -> NDArray[np.float32]:
    _check_operator("noise", name)
    with np.errstate(over="ignore"):
        eps = _floats(f"noise[{name!r}]", values).astype(np.float32, copy=False)
    if not np.isfinite(eps).all():
        raise InputError(f"noise[{name!r}] holds numbers beyond float32; expected standard-normal ones")
    classes, dim = workload.classes, workload.dim
    if eps.ndim not in (2, 3) or eps.shape[-1] != dim or (eps.ndim == 3 and eps.shape[0] != classes):
        raise InputError(f"noise[{name!r}] has shape {list(eps.shape)}; expected [S, {dim}] or [{classes}, S, {dim}]")
    return eps


def _floats(what: str, values: Array) -> NDArray[Any]:
    """A writable array of finite numbers. Raises InputError that begins with ``what``."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype is torch.bfloat16 else values).numpy()
    try:
        array = np.require(values, requirements="W")
    except ValueError as error:
        raise InputError(f"{what} is not an array: {error}") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"{what} has dtype {array.dtype}; expected numbers")
    if not np.isfinite(array).all():
        raise InputError(f"{what} holds NaN or Inf; expected finite numbers")
    return array


def _check_operator(what: str, name: str) -> None:
    if name not in OPERATORS:
        raise InputError(f"{what} names the unknown operator {name!r}; known: {', '.join(OPERATORS)}")


def _noise(
    name: str, given: Mapping[str, NDArray[np.float32]], config: RunConfig, dim: int, scratch: Path
) -> Noise | None:
    if name in given:
        return GivenNoise(given[name])
    samples = registry.samples_of(name, config)
    return SharedNoise(config.run.seed, OPERATORS.index(name), samples, dim, scratch) if samples else None


def _ignore(_: Event) -> None:
    return
