"""What comes before the operators of a round: a look at every value, and what the run holds with a measure off."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from slora_core.config import MeasuresConfig, RunConfig
from slora_core.context import RunContext
from slora_core.memory.devices import device_name
from slora_core.memory.sizes import format_size
from slora_core.memory.tuning import read_tuning
from slora_core.peers import share_of
from slora_core.running.planning import CHECKED_STATES, DEAD_CACHE_ROWS, JobPlan
from slora_core.sources.base import Pairs
from slora_core.sources.finite import check_finite, check_rows_finite
from slora_core.sources.held import HeldPairs
from slora_core.sources.rounds import LabelledRows

_OF_TRAINING: Final = ("activation_checkpointing",)
_OF_MODELS: Final = ("mixed_precision", "activation_checkpointing")
"""Measures that work where a model runs; the source alone runs one."""


def scan(
    ctx: RunContext,
    job: JobPlan,
    pairs: Pairs | None,
    evaluation: LabelledRows | None = None,
    *,
    prefix: str = "",
    origins: tuple[str, str] = ("the pairs", "the evaluation rows"),
) -> None:
    """Look for NaN and Inf in all pairs and evaluation rows. Raises InputError that begins with the origin.

    Each of several ranks looks at its share of both.
    """
    option = job.option(f"{prefix}scan")
    rank, size = ctx.peers.rank, ctx.peers.size
    share = share_of(pairs.count if pairs else 0, rank, size)
    evaluated = share_of(evaluation.count if evaluation else 0, rank, size)
    with ctx.stage("scan", total=share[1] - share[0] + evaluated[1] - evaluated[0], unit="rows"):
        if pairs is not None:
            check_finite(ctx, pairs, option, origins[0], share)
        if evaluation is not None:
            check_rows_finite(ctx, evaluation, option, origins[1], evaluated)


def held_or_streamed(ctx: RunContext, config: RunConfig, job: JobPlan, pairs: Pairs, *, prefix: str = "") -> Pairs:
    """The pairs as the operators read them: held whole when progressive release is off. The baseline holds its own."""
    if config.measures.progressive_release or config.run.engine == "baseline":
        return pairs
    with ctx.stage("load", total=pairs.count, unit="pairs"):
        return HeldPairs.load(ctx, pairs, job.option(f"{prefix}load").footprint)


def unread_cache(config: RunConfig, job: JobPlan, device: torch.device) -> Tensor | None:
    """The seed's random cache, to be held and never read, when the feature cache is off. The baseline has its own."""
    if config.measures.feature_cache or config.run.engine == "baseline":
        return None
    return torch.randn(DEAD_CACHE_ROWS, job.dim, device=device)


def input_fingerprint(config: RunConfig) -> str:
    """Sizes and times of the run's input files, so that an unfinished output is not continued with other inputs."""
    source = config.source
    if source.kind not in CHECKED_STATES:
        return ""
    keys = ("features", "state", "base", "adapter_before", "adapter_after", "images", "aux_images")
    paths = [getattr(source, key) for key in keys]
    found = [Path(path).stat() for path in paths if path and Path(path).exists()]
    return ",".join(f"{status.st_size}@{status.st_mtime_ns}" for status in found)


def announce_idle_switches(ctx: RunContext, config: RunConfig) -> None:
    """A notice for settings that change nothing in this run."""
    idle: dict[str, str] = {}
    if config.run.engine == "baseline":
        if config.memory.budget is not None:
            idle[f"the budget of {format_size(config.memory.budget)}"] = "the baseline knows none"
        idle |= dict.fromkeys(_changed(config, MeasuresConfig.model_fields), "the baseline takes none")
    elif config.source.kind == "models":
        idle |= dict.fromkeys(_changed(config, _OF_TRAINING), "no model is trained")
    elif config.source.kind != "demo":
        idle |= dict.fromkeys(_changed(config, _OF_MODELS), "no model runs")
    if idle:
        listed = ", ".join(f"{setting} ({reason})" for setting, reason in idle.items())
        ctx.notice("no-effect", f"without effect in this run: {listed}", idle=idle)


def announce_broken_tuning(ctx: RunContext, config: RunConfig) -> None:
    """A notice when what was measured of this machine cannot be read; the plan then has the built-in rates."""
    if config.run.engine == "optimised":
        problem = read_tuning(ctx.device.type, device_name(ctx.device), config.run.threads).problem
        if problem:
            ctx.notice("tuning-ignored", problem)


def _changed(config: RunConfig, names: Iterable[str]) -> list[str]:
    """Measures of these names that are not at their default, as settings."""
    default = MeasuresConfig()
    return [f"measures.{name}" for name in names if getattr(config.measures, name) != getattr(default, name)]
