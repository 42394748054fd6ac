"""Operators by name: their options without torch, their classes only when they are loaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Option
from slora_core.types import OPERATORS, Workload

if TYPE_CHECKING:
    from slora_core.compensators.base import Compensator

_PACKAGES: Final = {
    "linear": ("linear", "LinearCompensator"),
    "weaknonlinear": ("weak_nonlinear", "WeakNonlinearCompensator"),
    "attention": ("attention", "AttentionCompensator"),
    "rff": ("rff", "RffCompensator"),
}


def fit_options(name: str, workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Every way to fit the operator ``name`` on ``workload``; torch-free."""
    options: tuple[Option, ...] = _plan(name).fit_options(workload, config, device)
    return options


def move_options(name: str, workload: Workload, config: RunConfig, device: DeviceProfile) -> tuple[Option, ...]:
    """Every way to move the classes of ``workload`` through the fitted operator ``name``; torch-free."""
    options: tuple[Option, ...] = _plan(name).move_options(workload, config, device)
    return options


def load(name: str, config: RunConfig) -> Compensator:
    """The operator ``name`` before its fit. Imports torch."""
    package, class_name = _entry(name)
    module = import_module(f"slora_core.compensators.{package}.operator")
    compensator: Compensator = getattr(module, class_name)(config)
    return compensator


def samples_of(name: str, config: RunConfig) -> int:
    """Samples of each class that the operator pushes; 0 when it needs no noise."""
    _entry(name)
    operators = config.operators
    if name == "weaknonlinear":
        return operators.weaknonlinear.samples
    if name == "attention":
        return 0 if operators.attention.mean_only else operators.attention.samples
    return operators.rff.samples if name == "rff" else 0


def _plan(name: str) -> Any:
    return import_module(f"slora_core.compensators.{_entry(name)[0]}.plan")


def _entry(name: str) -> tuple[str, str]:
    if name not in _PACKAGES:
        raise ConfigError(f"unknown operator {name!r}; known: {', '.join(OPERATORS)}")
    return _PACKAGES[name]
