"""Warm-up of a CUDA run: loads the libraries and the kernels that the run will use, on a problem of a few rows.

A cold process pays up to seconds for contexts, modules and handles at their first use. Done first and in a stage of
its own, that is seen apart from the compensation. It takes less memory than any plan of the stages themselves.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.compensators import registry
from slora_core.compensators.weak_nonlinear.plan import CUDA_STEPS_TOGETHER
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.devices import profile_of
from slora_core.memory.plan import Option
from slora_core.memory.workspace import releasing
from slora_core.numerics.noise import GivenNoise
from slora_core.running.planning import JobPlan
from slora_core.sources.arrays import ArrayPairs
from slora_core.statistics.state import ClassState
from slora_core.types import Workload

_PAIRS: Final = 256
_CLASSES: Final = 4
_SAMPLES: Final = 64
_STEPS: Final = 2 * CUDA_STEPS_TOGETHER
"""Training steps: the first together as they are, the others recorded."""


class _Nowhere:
    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        """The moved classes are not wanted."""


def warm_up(ctx: RunContext, config: RunConfig, job: JobPlan) -> None:
    """The stage ``warm-up`` of a CUDA run; on a CPU there is none. The baseline only touches the device."""
    if ctx.device.type != "cuda":
        return
    with ctx.stage("warm-up"):
        if config.run.engine == "baseline":
            torch.zeros(1, device=ctx.device)
        else:
            with releasing():
                _run_operators(ctx, _small(config), job)
        torch.cuda.synchronize(ctx.device)


def _small(config: RunConfig) -> RunConfig:
    return config.merged(
        {
            "operators": {
                "weaknonlinear": {"steps": _STEPS, "samples": _SAMPLES},
                "attention": {"samples": _SAMPLES, "top_k": min(_PAIRS // 4, config.operators.attention.top_k)},
                "rff": {"samples": _SAMPLES},
            },
        }
    )


def _run_operators(ctx: RunContext, config: RunConfig, job: JobPlan) -> None:
    """Every operator on ``_PAIRS`` pairs, in no more memory than its own stages are planned to take."""
    dim, profile = job.dim, profile_of(ctx.device)
    workload = Workload(_PAIRS, dim, _CLASSES)
    draw = np.random.default_rng(0)
    before = _normal(draw, _PAIRS, dim)
    pairs = ArrayPairs(before, before + np.float32(0.1) * _normal(draw, _PAIRS, dim))
    ids = np.arange(_CLASSES)
    identity = np.broadcast_to(np.eye(dim, dtype=np.float32), (_CLASSES, dim, dim))
    state = ClassState.from_arrays(ids, ids + 2, _normal(draw, _CLASSES, dim), identity)
    quiet = RunContext(ctx.device, cancel=ctx.cancel)
    for name in config.operators.names:
        limit = _planned_bytes(job, name)
        fit = _fastest(registry.fit_options(name, workload, config, profile), limit)
        move = _fastest(registry.move_options(name, workload, config, profile), limit)
        samples = registry.samples_of(name, config)
        noise = GivenNoise(_normal(draw, samples, dim)) if samples else None
        with (
            closing(registry.load(name, config).fit(quiet, pairs, fit)) as transition,
            transition.mover(quiet, move, noise) as mover,
        ):
            mover.move(range(mover.batch_classes), state, _Nowhere())


def _planned_bytes(job: JobPlan, name: str) -> int:
    """The least that the stages of operator ``name`` were given, beside what is live before them."""
    names = [stage for stage in job.requests if stage.rpartition(".")[0].rpartition(".")[2] == name]
    return min((_peak(job.option(stage)) for stage in names if _peak(job.option(stage))), default=0)


def _fastest(options: tuple[Option, ...], limit: int) -> Option:
    fitting = [option for option in options if _peak(option) <= limit]
    return min(fitting, key=lambda option: option.seconds, default=min(options, key=_peak))


def _peak(option: Option) -> int:
    return option.footprint.arena_totals()[0]


def _normal(draw: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return draw.standard_normal(shape, dtype=np.float32)
