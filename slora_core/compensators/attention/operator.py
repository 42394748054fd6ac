"""HopDC's attention (SDC, "Hopfield"): every sample of a class moves by the drift of the pairs nearest to it.

Exact: the k largest cosines in float32, whatever chunks and tiles (arXiv 2602.00144). The pairs themselves are the
fitted operator, so that fitting takes no memory and each move decides how much of them it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial

import torch

from slora_core.compensators.attention.buffers import KEY_SLOTS, key_tiling
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import Keys, KeyStore
from slora_core.compensators.attention.pinned_keys import PinnedKeys
from slora_core.compensators.attention.read_ahead_keys import ReadAheadKeys
from slora_core.compensators.attention.scoring import FORMS, AttentionDrift
from slora_core.compensators.attention.uploads import CopyStream
from slora_core.compensators.base import Compensator, Transition
from slora_core.compensators.mover import OpenMover
from slora_core.compensators.push import GaussianPush, blend
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import Noise
from slora_core.numerics.staging import Staging
from slora_core.sources.base import Pairs
from slora_core.statistics.base import StateReader, StateWriter


class AttentionCompensator(Compensator):
    """``top_k``, ``temperature``, samples and blends from ``config.operators.attention``."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def fit(self, ctx: RunContext, pairs: Pairs, option: Option) -> AttentionTransition:
        """Keeps ``pairs`` for the moves; reads nothing yet."""
        ctx.advance(pairs.count)
        return AttentionTransition(pairs, self.config)


class AttentionTransition(Transition):
    """Moves classes by samples, or by their means alone with ``mean_only``."""

    def __init__(self, pairs: Pairs, config: RunConfig) -> None:
        self._pairs: Pairs | None = pairs
        self._config = config

    @contextmanager
    def mover(self, ctx: RunContext, option: Option, noise: Noise | None) -> Iterator[OpenMover]:
        """Reads the keys when the choice holds them resident. Raises InputError when the noise does not fit."""
        choice: AttentionChoice = option.choice
        with (
            torch.no_grad(),
            Workspace(option.footprint, ctx.device) as workspace,
            closing(self._keys(ctx, workspace, choice)) as keys,
            self._open(ctx, workspace, choice, keys, noise) as mover,
        ):
            yield mover

    def close(self) -> None:
        self._pairs = None

    def _keys(self, ctx: RunContext, workspace: Workspace, choice: AttentionChoice) -> Keys:
        pairs = self._open_pairs()
        tiling = key_tiling(pairs.count, choice.panel)
        if choice.pinned:
            return PinnedKeys(ctx, workspace, pairs, tiling, CopyStream(workspace.device, KEY_SLOTS))
        if choice.read_ahead:
            return ReadAheadKeys(ctx, workspace, pairs, tiling, CopyStream(workspace.device, KEY_SLOTS))
        return KeyStore(ctx, workspace, pairs, tiling, resident=choice.resident)

    def _open_pairs(self) -> Pairs:
        if self._pairs is None:
            raise RuntimeError("the transition is closed")
        return self._pairs

    def _open(
        self, ctx: RunContext, workspace: Workspace, choice: AttentionChoice, keys: Keys, noise: Noise | None
    ) -> OpenMover:
        settings, pairs = self._config.operators.attention, self._open_pairs()
        drift = FORMS[choice.form](
            ctx,
            workspace,
            keys,
            top_k=settings.top_k if settings.top_k < pairs.count else None,
            temperature=settings.temperature,
            least_rows=choice.least_rows,
        )
        if settings.mean_only:
            return OpenMover(choice.batch, partial(_move_means, workspace, drift))
        push = GaussianPush(
            ctx,
            workspace,
            batch=choice.batch,
            chunk=choice.chunk,
            noise=noise,
            reg=self._config.operators.cholesky_reg,
            samples=settings.samples,
        )
        finish = blend(settings.mean_mixing, settings.covariance_blend)
        return OpenMover(choice.batch, lambda batch, state, out: push.run(batch, state, drift, finish, out), push)


def _move_means(
    workspace: Workspace, drift: AttentionDrift, batch: Sequence[int], state: StateReader, out: StateWriter
) -> Mapping[int, float]:
    """mu' = mu + drift at mu; Sigma stays."""
    staging = Staging(workspace)
    mean, cov = workspace["attention_mean"][: len(batch)], workspace["attention_cov"]
    for row, index in zip(mean, batch, strict=True):
        staging.upload(row, partial(state.read, index, covariance=None))
    drift(mean)
    for row, index in zip(mean, batch, strict=True):
        staging.upload(cov, partial(state.read, index, None))
        out.write(index, staging.download(row), staging.download(cov))
    return {}
