"""Distribution compensation in the shape of SubspaceLoRA's: one import line gives budgets, events and run files."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from slora_core.cancel import CancelToken
from slora_core.compat.gaussian import GaussianStatistics
from slora_core.compat.spellings import attention_settings, settings_of_later_versions, variants_asked_for
from slora_core.compat.variants import VariantState, as_statistics
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError, OutputError
from slora_core.events import Event
from slora_core.features.cache.opening import lasting_cache
from slora_core.features.cache.smart import SmartFeatureCache
from slora_core.memory.devices import resolve_device
from slora_core.model_api import model_config, read_states
from slora_core.recording import run_recorded
from slora_core.records.history import History
from slora_core.sources.models.modules import Loaders, ModulePairSource
from slora_core.statistics.base import StateReader
from slora_core.statistics.state import ClassState
from slora_core.types import OPERATORS, UNCOMPENSATED

COMBINATIONS: Final = ("combined", "aux_only", "current_only")
_UNMOVED: Final = "none"

Variants = dict[str, dict[int, GaussianStatistics]]


class DistributionCompensator:
    """Statistics of every class under every variant, from task to task.

    ``compensator_types`` are of ``SeqFT``, ``SeqFT + linear``, ``SeqFT + weaknonlinear``, ``SeqFT + Hopfield`` and
    ``SeqFT + rff`` (None: all); names of other versions are known, variants are called as they were asked for, and
    ``SeqFT`` is always there. A ``hopfield_topk`` of 0 or less takes all pairs.
    ``feature_combination_type`` says what the transition is fitted on: ``combined`` (the task's images
    and auxiliary ones), ``aux_only`` or ``current_only``. Of the auxiliary loader the first ``auxiliary_data_size``
    rows are used. ``variants`` holds the statistics by variant and class id; they may be replaced.

    Beyond the original: ``memory_budget`` ("2GiB") bounds what a call takes, on a CUDA device beside what the process
    holds already; ``chunk_policy`` is of planned, adaptive and fixed; ``on_event`` receives every event; ``config``
    holds every other setting. Without it attention keeps a tenth of the old means as all versions but the first do.
    ``SeqFT + rff`` is the linear attention by random features; some versions call a ridge regression so.
    Every call is recorded to a run file of its own in ``run_folder`` (None: the history, and where that cannot be
    written a warning instead), which another process may open meanwhile; ``record=False`` leaves none. ``later`` are
    arguments of later versions: those without a counterpart here warn.
    """

    def __init__(  # noqa: PLR0917
        self,
        device: torch.device | str = "auto",
        auxiliary_data_size: int = 1024,
        compensator_types: Sequence[str] | None = None,
        feature_combination_type: str = "combined",
        hopfield_temp: float = 0.05,
        hopfield_topk: int = 400,
        *,
        memory_budget: str | int | None = None,
        chunk_policy: str = "planned",
        on_event: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
        config: RunConfig | None = None,
        run_folder: str | Path | None = None,
        record: bool = True,
        **later: Any,
    ) -> None:
        if feature_combination_type not in COMBINATIONS:
            raise ConfigError(
                f"feature_combination_type = {feature_combination_type!r}: expected one of {', '.join(COMBINATIONS)}"
            )
        if auxiliary_data_size < 1:
            raise ConfigError(f"auxiliary_data_size = {auxiliary_data_size}: expected 1 or more")
        self.device = resolve_device(str(device))
        self.auxiliary_data_size = auxiliary_data_size
        self._operator_of = variants_asked_for(compensator_types)
        self.compensator_types = list(self._operator_of)
        self.feature_combination_type = feature_combination_type
        self.variants: Variants = {name: {} for name in self.compensator_types}
        self.on_event = on_event
        self._cancel = cancel
        self._record, self._folder = record, run_folder
        base = config or RunConfig().merged({"extraction": {"cache_disk": 0}})
        self._config = base.merged(
            {
                "operators": {
                    "names": self._operators or OPERATORS[:1],
                    "attention": attention_settings(
                        self._operator_of, hopfield_temp, hopfield_topk, own_settings=config is not None
                    ),
                    "rff": settings_of_later_versions(later, self._operators),
                },
                "memory": {
                    "budget": base.memory.budget if memory_budget is None else memory_budget,
                    "policy": chunk_policy,
                },
            }
        )
        self._auxiliary: Iterable[Any] | None = None
        self._counts: dict[int, int] = {}
        self._cache: SmartFeatureCache | None = lasting_cache(self._config, self.device, 2 * auxiliary_data_size)

    @property
    def _operators(self) -> tuple[str, ...]:
        return tuple(operator for operator in self._operator_of.values() if operator)

    @property
    def cache(self) -> SmartFeatureCache | None:
        """The features of auxiliary rows; ``hits`` and ``misses`` count them.

        A model whose adapters a trainer merges between tasks has other weights afterwards, and finds none.
        """
        return self._cache

    def set_auxiliary_loader(self, loader: Iterable[Any] | None) -> None:
        """Rows without classes beside those of the tasks."""
        self._auxiliary = loader

    def get_variant_names(self) -> list[str]:
        return list(self.variants)

    def clear_cache(self) -> None:
        """Drop the cached features."""
        if self._cache is not None:
            self._cache.clear()

    def build_all_variants(
        self, task_id: int, model_before: nn.Module | None, model_after: nn.Module, data_loader: Iterable[Any]
    ) -> Variants:
        """Move the statistics of all earlier classes through every variant's transition and add those of this task.

        A class that comes again has the statistics of this task in every variant, as in the original.
        ``task_id`` counts from 1; at task 1 every variant starts from the task's own statistics. Returns ``variants``.
        Raises InputError, BudgetRefused, RunCancelled; ``variants`` is then as it was.
        """
        task_id = _checked_task(task_id)
        if task_id == 1:
            return self._add_current(task_id, model_after, data_loader, self.compensator_types, anew=True)
        missing = [name for name in self.compensator_types if not self.variants.get(name)]
        if missing:
            raise InputError(
                f"task_id = {task_id}: the variant {missing[0]!r} has no statistics of earlier tasks; expected"
                " build_all_variants for task 1 first, or variants from a checkpoint"
            )
        if model_before is None:
            raise InputError(f"task_id = {task_id}: model_before is None; expected the model before the task")
        if not self._operators:
            return self._add_current(task_id, model_after, data_loader, self.compensator_types)
        states: dict[str, StateReader] = {
            operator or _UNMOVED: VariantState(self.variants[name], self._counts)
            for name, operator in self._operator_of.items()
        }
        moved, of_task = self._run(task_id, model_before, model_after, self._loaders(data_loader), states)
        reg = self._config.operators.cholesky_reg
        name_of = {operator: name for name, operator in self._operator_of.items()}
        variants = {
            name_of[operator]: self.variants[name_of[operator]] | as_statistics(state, reg)
            for operator, state in moved.items()
        }
        some = next(iter(variants.values()))
        variants[UNCOMPENSATED] = self.variants[UNCOMPENSATED] | {number: _copy(some[number]) for number in of_task}
        self._remember(next(iter(moved.values())))
        self.variants = {name: variants[name] for name in self.compensator_types}
        return self.variants

    def build_current_only(
        self,
        task_id: int,
        model_before: Any = None,
        model_after: Any = None,
        data_loader: Any = None,
        *,
        low_rank: bool = False,
    ) -> Variants:
        """Add the statistics of this task's classes to ``SeqFT``, move none, and leave no other variant.

        Called with a model before, one after and a loader, or with one model and a loader. Statistics are whole, also
        where ``low_rank`` allows less. Returns ``variants``.
        """
        task_id = _checked_task(task_id)
        if data_loader is None:  # one model and a loader, by position
            model_after, data_loader = model_before, model_after
        elif model_after is None:
            model_after = model_before
        if model_after is None or data_loader is None:
            raise InputError("build_current_only was given no model or no loader; expected both")
        return self._add_current(task_id, model_after, data_loader, [UNCOMPENSATED])

    def _add_current(
        self, task_id: int, model: nn.Module, data_loader: Iterable[Any], names: Sequence[str], *, anew: bool = False
    ) -> Variants:
        """The task's own classes into the variants ``names``, which alone are left; ``anew`` forgets all others."""
        states, _ = self._run(task_id, None, model, Loaders(data_loader), {})
        state = next(iter(states.values()))
        reg = self._config.operators.cholesky_reg
        variants: Variants = {}
        if anew:
            self._counts = {}
        for name in names:
            old = {} if anew else self.variants.get(name, {})
            new = as_statistics(state, reg)
            variants[name] = old | {number: _copy(item) for number, item in new.items()}
        self._remember(state)
        self.variants = variants
        return self.variants

    def _loaders(self, data_loader: Iterable[Any]) -> Loaders:
        kind = self.feature_combination_type
        if kind == "aux_only" and self._auxiliary is None:
            raise InputError("feature_combination_type is 'aux_only', and set_auxiliary_loader was not called")
        auxiliary = None if kind == "current_only" else self._auxiliary
        fit_on_current = kind != "aux_only"
        return Loaders(data_loader, auxiliary, None, self.auxiliary_data_size, fit_on_current, anew=True)

    def _run(
        self,
        task_id: int,
        before: nn.Module | None,
        after: nn.Module,
        loaders: Loaders,
        states: Mapping[str, StateReader],
    ) -> tuple[dict[str, ClassState], list[int]]:
        """The states by operator, and which of their classes have the statistics of the task's rows."""
        with tempfile.TemporaryDirectory(prefix="slora-") as folder:
            target = Path(folder) / "state.safetensors"
            config = model_config(self._config, operators=None, budget=None, device=str(self.device), output=target)
            if self._cache is not None:
                self._cache.clear_expired_cache(task_id)
            source = ModulePairSource(config, before, after, loaders, states, cache=self._cache, task=task_id)
            run_file = self._new_run_file(task_id) if self._record else None
            run_recorded(config, source, on_event=self.on_event, cancel=self._cancel, run_file=run_file)
            return read_states(target, config.operators.names), source.task_ids.tolist()

    def _new_run_file(self, task_id: int) -> Path | None:
        """None, with a warning, where the history cannot be written: training is not to end for a record of it."""
        try:
            path = History(self._folder).new_path(f"task-{task_id}")
            if not os.access(path.parent, os.W_OK):
                raise OutputError(f"the folder {str(path.parent)!r} cannot be written")
        except OutputError as error:
            if self._folder is not None:
                raise
            warnings.warn(f"task {task_id} is not recorded: {error}", stacklevel=2)
            return None
        return path

    def _remember(self, state: ClassState) -> None:
        """Samples of every class of ``state``."""
        counts = {int(number): int(count) for number, count in zip(state.class_ids, state.counts, strict=True)}
        self._counts = self._counts | counts


def _checked_task(task_id: int) -> int:
    if isinstance(task_id, bool) or not isinstance(task_id, Integral) or task_id < 1:
        raise InputError(f"task_id = {task_id!r}: expected a whole number from 1")
    return int(task_id)


def _copy(item: GaussianStatistics) -> GaussianStatistics:
    """A class of its own for each variant: callers change them in place."""
    return GaussianStatistics(item.mean.clone(), item.cov.clone(), item.reg)
