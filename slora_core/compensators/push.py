"""Pushes class Gaussians through a transition by samples: x = mu + L eps, moments of the images.

L is the Cholesky factor of Sigma + reg I; mean and covariance (ddof 1) of the moved samples accumulate in float64,
whatever the chunk. SLDC (arXiv 2511.09926) and HopDC (arXiv 2602.00144) move statistics this way.

On a device nobody waits for the answer whether a covariance was positive definite or whether ties found their slots:
that travels with the moved class, which is then held back and moved again with more care.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from slora_core.compensators.class_port import ClassPort
from slora_core.compensators.push_plan import draw_step
from slora_core.compensators.recordings import RecordableTransform, Recordings
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.workspace import Workspace
from slora_core.numerics.cholesky import factor_covariances, try_factors
from slora_core.numerics.moments import MomentAccumulator
from slora_core.numerics.noise import Noise
from slora_core.numerics.staging import Staging
from slora_core.numerics.tiles import round_up
from slora_core.statistics.base import StateReader, StateWriter

Transform: TypeAlias = Callable[[Tensor], None]
"""Moves rows [m, d] in place."""

Finish: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], None]
"""``finish(mean_in [B, d], cov_in [B, d, d], mean_out, cov_out)`` changes the last two in place."""


def blend(mean_mixing: float, covariance_blend: float) -> Finish:
    """mu' = (1-m) mean(q') + m mu; Sigma' = (1-b) cov(q') + b Sigma."""

    def finish(mean: Tensor, cov: Tensor, mean_out: Tensor, cov_out: Tensor) -> None:
        mean_out.mul_(1 - mean_mixing).add_(mean, alpha=mean_mixing)
        cov_out.mul_(1 - covariance_blend).add_(cov, alpha=covariance_blend)

    return finish


class GaussianPush:
    """Moves up to ``batch`` classes at a time in the buffers of ``push_buffers``, ``chunk`` samples of each at once.

    All classes of a batch share the products of the transition. Raises InputError when the noise does not have
    ``samples`` rows.
    """

    def __init__(
        self,
        ctx: RunContext,
        workspace: Workspace,
        *,
        batch: int,
        chunk: int,
        noise: Noise | None,
        reg: float,
        samples: int,
    ) -> None:
        self._dim = workspace["push_mean"].shape[1]
        self._noise = _checked(noise, samples, self._dim)
        self._ctx = ctx
        self._batch = batch
        self._chunk = chunk
        self._reg = reg
        self._samples = samples
        self._buffers = workspace
        self._rows = workspace["push_rows"]
        self._eps = workspace["push_noise"]
        self._step = draw_step(workspace.device.type)
        self._moments = MomentAccumulator(workspace, batch, _ones(workspace))
        self._staging = Staging(workspace)
        self._port = ClassPort(workspace, batch)
        self._held_noise = self._hold_noise(workspace)
        self._doubts = workspace["push_doubts"] if workspace.device.type == "cuda" else None
        self._asks_factors = self._doubts is None
        self._recordings = None if self._held_noise is None else Recordings(ctx, workspace.device)

    def run(
        self, batch: Sequence[int], state: StateReader, transform: Transform, finish: Finish | None, out: StateWriter
    ) -> dict[int, float]:
        """Move the classes numbered ``batch`` and write them; returns the Cholesky jitter of those that needed one.

        With a ``finish``, the input covariances are fetched a second time, into the memory of the samples. Beside a
        device a class may be held back (:meth:`held_back`). Raises NumericalError naming the class whose covariance no
        jitter makes positive definite.
        """
        self._learn()
        count = len(batch)
        mean, factor = self._buffers["push_mean"][:count], self._buffers["push_factor"][:count]
        mean_out, cov_out = self._buffers["push_mean_out"][:count], factor
        self._port.read(batch, state, mean, factor)
        jitter = self._factor(batch, state, factor)
        moved_in_doubt = self._move_samples(batch, mean, factor, transform)
        doubts = self._doubts_of(count, moved_in_doubt)
        self._moments.finish(mean_out, cov_out)
        if finish is not None:
            cov = self._rows[: count * self._dim].view(count, self._dim, self._dim)
            self._port.read_again(batch, state, cov)
            finish(mean, cov, mean_out, cov_out)
        self._port.write(batch, out, mean_out, cov_out, doubts)
        return jitter

    def expect(self, batch: Sequence[int], state: StateReader) -> None:
        """As :meth:`~slora_core.compensators.class_port.ClassPort.expect`."""
        self._port.expect(batch, state)

    def held_back(self) -> list[int]:
        """As :meth:`~slora_core.compensators.class_port.ClassPort.held_back`. What is moved afterwards is moved with
        all care, and not held back."""
        found = self._port.held_back()
        self._doubts, self._asks_factors = None, True
        if self._recordings is not None:
            self._recordings.give_up()
        return found

    def close(self, *, failed: bool = False) -> None:
        """As :meth:`~slora_core.compensators.class_port.ClassPort.close`."""
        if self._recordings is not None:
            self._recordings.close()
        self._port.close(failed=failed)

    def _learn(self) -> None:
        """From the first class on that was held back it costs less to ask at once than to move twice."""
        for factor, samples in self._port.doubts():
            self._asks_factors = self._asks_factors or factor != 0
            if samples and self._recordings is not None:
                self._recordings.give_up()

    def _move_samples(self, batch: Sequence[int], mean: Tensor, factor: Tensor, transform: Transform) -> Tensor | None:
        """All samples of the batch, moved, into the moments; what is not 0 where they are in doubt."""
        loop = partial(self._sample_loop, batch, mean, factor, transform)
        recordings, rows = self._recordings, len(batch) * self._samples
        if (
            recordings is None
            or not isinstance(transform, RecordableTransform)
            or not recordings.suits(transform, rows)
        ):
            loop(self._ctx.come_to)
            return None
        if transform.doubt is not None:
            transform.doubt.zero_()
        recordings.run(len(batch), loop, transform)
        self._moments.replayed(len(batch), self._samples)
        return transform.doubt

    def _doubts_of(self, count: int, samples: Tensor | None) -> Tensor | None:
        """[count, DOUBTS] of the factors and ``samples`` of a batch."""
        if self._doubts is None:
            return None
        doubts = self._doubts[:count]
        doubts[:, 0].copy_(self._buffers["push_info"][:count])
        if samples is None:
            doubts[:, 1].zero_()
        else:
            doubts[:, 1].copy_(samples.expand(count))
        return doubts

    def _sample_loop(
        self,
        batch: Sequence[int],
        mean: Tensor,
        factor: Tensor,
        transform: Transform,
        report: Callable[[float], None] | None = None,
    ) -> None:
        """``report`` is told how many classes what has been moved of them comes to."""
        self._moments.reset()
        for start in range(0, self._samples, self._chunk):
            self._ctx.checkpoint()
            stop = min(start + self._chunk, self._samples)
            samples = self._draw(batch, mean, factor, start, stop)
            transform(samples.view(-1, self._dim))
            self._moments.add(samples)
            if report is not None:
                report(len(batch) * stop / self._samples)
        self._moments.settle()

    def _hold_noise(self, workspace: Workspace) -> Tensor | None:
        """Beside a device, noise that all classes share: read once into pinned memory."""
        if workspace.device.type != "cuda" or not self._noise.shared:
            return None
        held = workspace["push_noise_held"]
        self._noise.read(0, 0, self._samples, held)
        return held

    def _factor(self, batch: Sequence[int], state: StateReader, factor: Tensor) -> dict[int, float]:
        count = len(batch)
        work = self._buffers["moment_m2"][:count]  # idle until the first samples
        info = self._buffers["push_info"][:count]
        if not self._asks_factors:
            try_factors(factor, work, info, reg=self._reg)
            return {}
        jitter = factor_covariances(
            factor,
            work,
            info,
            self._buffers["push_scale"],
            reg=self._reg,
            name=lambda i: f"class {state.class_ids[batch[i]]}",
        )
        return {batch[i]: value for i, value in jitter.items()}

    def _draw(self, batch: Sequence[int], mean: Tensor, factor: Tensor, start: int, stop: int) -> Tensor:
        """Samples ``start:stop`` of every class of the batch, [B, m, d]."""
        rows = stop - start
        drawn = round_up(rows, self._step)
        eps = self._eps[:drawn]
        eps[rows:].zero_()
        for i, index in enumerate(batch):
            if i == 0 or not self._noise.shared:
                self._read_noise(index, start, eps[:rows])
            # Rows beyond belong to the next class, which comes after.
            self._multiply(mean[i], eps, factor[i], self._rows[i * rows : i * rows + drawn])
        return self._rows[: len(batch) * rows].view(len(batch), rows, self._dim)

    def _read_noise(self, index: int, start: int, eps: Tensor) -> None:
        stop = start + len(eps)
        if self._held_noise is not None:
            eps.copy_(self._held_noise[start:stop], non_blocking=True)
        else:
            self._staging.upload(eps, partial(self._noise.read, index, start, stop))

    def _multiply(self, mean: Tensor, eps: Tensor, factor: Tensor, out: Tensor) -> None:
        """``out`` = mean + eps factor; on a device by products of exactly one step."""
        if not out.is_cuda:
            torch.addmm(mean, eps, factor, out=out)
            return
        out.copy_(mean)  # adding a vector is another library's product, which wants a workspace of its own
        for start in range(0, len(eps), self._step):
            rows = slice(start, start + self._step)
            out[rows].addmm_(eps[rows], factor)


def _ones(workspace: Workspace) -> Tensor | None:
    return workspace["push_ones"].fill_(1.0) if workspace.device.type == "cuda" else None


def _checked(noise: Noise | None, samples: int, dim: int) -> Noise:
    if noise is None:
        raise InputError("this operator moves samples and needs noise; none was given")
    if noise.samples != samples or noise.dim != dim:
        raise InputError(f"the noise is [{noise.samples}, {noise.dim}]: expected [{samples}, {dim}]")
    return noise
