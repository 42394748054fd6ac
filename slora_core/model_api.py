"""The engine from Python, on models: ``compensate_models``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.events import Event
from slora_core.features.cache.opening import disk_cache
from slora_core.memory.devices import resolve_device
from slora_core.recording import run_recorded
from slora_core.sources.models.modules import Loaders, ModulePairSource
from slora_core.statistics.base import StateReader
from slora_core.statistics.state import ClassState, StateBuilder
from slora_core.statistics.state_file import open_state


def compensate_models(
    model_before: nn.Module | None,
    model_after: nn.Module,
    loader: Iterable[Any],
    state: StateReader | Mapping[str, StateReader] | None = None,
    *,
    aux_loader: Iterable[Any] | None = None,
    evaluation_loader: Iterable[Any] | None = None,
    operators: Sequence[str] | str | None = None,
    config: RunConfig | None = None,
    budget: str | int | None = None,
    device: str | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancel: CancelToken | None = None,
    run_file: str | Path | None = None,
) -> dict[str, ClassState]:
    """Extract features under both models in one pass, move the classes of ``state``, add those that ``loader`` brings.

    Models are any modules that give features [b, d] (``forward_features`` where there is one); modes and devices are
    restored exactly as found. ``loader`` yields (inputs, labels), ``aux_loader`` inputs alone. ``state`` may hold one
    state an operator. Without ``model_before`` and ``state`` it is a first task. Returns the state by operator, as
    :func:`~slora_core.compensate` does, the new classes included. ``config`` holds every setting; ``operators``,
    ``budget`` and ``device`` override it. Raises InputError, BudgetRefused, RunCancelled.
    """
    states: Mapping[str, StateReader] = {}
    if state is not None:
        states = state if isinstance(state, Mapping) else {"": state}
    with tempfile.TemporaryDirectory(prefix="slora-") as folder:
        target = Path(folder) / "state.safetensors"
        own = model_config(config, operators=operators, budget=budget, device=device, output=target)
        loaders = Loaders(loader, aux_loader, evaluation_loader)
        cache = disk_cache(own, resolve_device(own.run.device))
        source = ModulePairSource(own, model_before, model_after, loaders, states, cache=cache)
        run_recorded(own, source, on_event=on_event, cancel=cancel, run_file=run_file)
        return read_states(target, own.operators.names)


def model_config(
    config: RunConfig | None,
    *,
    operators: Sequence[str] | str | None,
    budget: str | int | None,
    device: str | None,
    output: Path,
) -> RunConfig:
    """The settings of a run on models of the caller."""
    named = device or ("cpu" if config is None else config.run.device)
    changes: dict[str, Any] = {"source": {"kind": "models"}, "run": {"device": named, "engine": "optimised"}}
    changes["output"] = {"state": str(output)}
    if operators is not None:
        changes["operators"] = {"names": operators}
    if budget is not None:
        changes["memory"] = {"budget": budget}
    return (config or RunConfig()).merged(changes)


def read_states(path: Path, operators: Sequence[str]) -> dict[str, ClassState]:
    """Every operator's state in memory."""
    states = {}
    for name in operators:
        with open_state(path, name if len(operators) > 1 else None) as file:
            builder = StateBuilder(file.class_ids, file.counts, file.dim)
            mean = torch.empty(file.dim, dtype=torch.float32)
            covariance = torch.empty(file.dim, file.dim, dtype=torch.float32)
            for index in range(len(file.class_ids)):
                file.read(index, mean, covariance)
                builder.write(index, mean, covariance)
        states[name] = builder.finish()
    return states
