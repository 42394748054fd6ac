"""What a program hands to ``slora_core.api``, checked: noise to be injected, and operators that are fitted already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.compensators.attention.operator import AttentionTransition
from slora_core.compensators.base import Transition
from slora_core.compensators.linear.operator import LinearTransition
from slora_core.compensators.rff.operator import RffTransition
from slora_core.compensators.weak_nonlinear.operator import WeakNonlinearTransition
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.statistics.base import StateReader
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


def check_is_state(state: object) -> None:
    """Raises InputError for what cannot be read class by class, such as a path."""
    if not isinstance(state, StateReader):
        raise InputError(f"the state is of type {type(state).__name__}; expected a ClassState, or open_state(path)")


def checked_noise(name: str, values: Array, workload: Workload) -> NDArray[np.float32]:
    """``noise[name]`` as float32 [S, d] or [C, S, d]. Raises InputError."""
    _check_operator("noise", name)
    with np.errstate(over="ignore"):
        eps = _floats(f"noise[{name!r}]", values).astype(np.float32, copy=False)
    if not np.isfinite(eps).all():
        raise InputError(f"noise[{name!r}] holds numbers beyond float32; expected standard-normal ones")
    classes, dim = workload.classes, workload.dim
    if eps.ndim not in (2, 3) or eps.shape[-1] != dim or (eps.ndim == 3 and eps.shape[0] != classes):
        raise InputError(f"noise[{name!r}] has shape {list(eps.shape)}; expected [S, {dim}] or [{classes}, S, {dim}]")
    return eps


def checked_transition(
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


def settings_of(name: str, config: RunConfig) -> dict[str, Any]:
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
    for key, value in settings_of(name, config).items():
        if origin.settings[key] != value:
            raise InputError(
                f"fitted[{name!r}] was fitted with {key} = {origin.settings[key]!r}; expected {value!r}, as in the"
                " configuration of this call"
            )


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
