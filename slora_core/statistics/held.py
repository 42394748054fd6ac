"""A class state held whole on the compute device: what the seed does, and what the device split avoids."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.statistics.base import StateReader


def held_or_read(ctx: RunContext, config: RunConfig, state: StateReader) -> StateReader:
    """``state`` where it lies, class by class; all of it on the device when the device split is off."""
    return state if config.measures.device_split else HeldState(ctx, state)


class HeldState:
    """Means [C, d] and covariances [C, d, d] as float32 tensors; implements ``StateReader``.

    Takes :func:`~slora_core.statistics.plan.held_buffers` of memory.
    """

    def __init__(self, ctx: RunContext, state: StateReader) -> None:
        self._state = state
        classes, dim = len(state.class_ids), state.dim
        self._means = torch.empty(classes, dim, device=ctx.device)
        self._covariances = torch.empty(classes, dim, dim, device=ctx.device)
        on_cpu = ctx.device.type == "cpu"
        host_mean, host_covariance = (None, None) if on_cpu else (torch.empty(dim), torch.empty(dim, dim))
        for index in range(classes):
            ctx.checkpoint()
            mean, covariance = self._means[index], self._covariances[index]
            if host_mean is None or host_covariance is None:
                state.read(index, mean, covariance)
            else:
                state.read(index, host_mean, host_covariance)
                mean.copy_(host_mean)
                covariance.copy_(host_covariance)
        if not on_cpu:
            torch.cuda.current_stream(ctx.device).synchronize()  # threads read it, each on a stream of its own

    @property
    def class_ids(self) -> NDArray[np.int64]:
        return self._state.class_ids

    @property
    def counts(self) -> NDArray[np.int64]:
        return self._state.counts

    @property
    def dim(self) -> int:
        return self._state.dim

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        """Class number ``index`` (0..C-1, not its id) into the buffers."""
        if mean is not None:
            mean.copy_(self._means[index])
        if covariance is not None:
            covariance.copy_(self._covariances[index])
