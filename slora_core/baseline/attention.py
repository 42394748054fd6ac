"""Memory source 3 of the seed: attention whose product weights x drift is materialised as [chunk, N, d]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from slora_core.baseline.gaussians import Gaussian
from slora_core.config import AttentionConfig, RffConfig
from slora_core.context import RunContext

QUERY_CHUNK = 128


def attend(ctx: RunContext, queries: Tensor, before: Tensor, drift: Tensor, config: AttentionConfig) -> Tensor:
    """Queries [S, d] moved by the weighted drift of their top-k pairs, in chunks of 128."""
    moved = []
    for chunk in torch.split(queries, QUERY_CHUNK):
        ctx.checkpoint()
        moved.append(_attend_chunk(chunk, before, drift, config))
    return torch.cat(moved)


def move_mean(ctx: RunContext, gaussian: Gaussian, before: Tensor, drift: Tensor, config: AttentionConfig) -> Gaussian:
    """Mean-only mode: the mean attends, the covariance stays."""
    mean = attend(ctx, gaussian.mean.to(before.device).unsqueeze(0), before, drift, config)
    return Gaussian(mean[0].cpu(), gaussian.cov)


def blend(moved: Gaussian, gaussian: Gaussian, config: AttentionConfig | RffConfig) -> Gaussian:
    """mu' = (1 - m) mean + m mu, Sigma' = (1 - b) cov + b Sigma."""
    mixing, share = config.mean_mixing, config.covariance_blend
    return Gaussian(
        (1 - mixing) * moved.mean + mixing * gaussian.mean,
        (1 - share) * moved.cov + share * gaussian.cov,
    )


def _attend_chunk(queries: Tensor, before: Tensor, drift: Tensor, config: AttentionConfig) -> Tensor:
    keys = F.normalize(before, dim=1)
    similarity = F.normalize(queries, dim=1) @ keys.T
    weights = torch.softmax(similarity / config.temperature, dim=1)
    index = weights.topk(min(config.top_k, len(keys)), dim=1).indices
    mask = torch.zeros_like(weights).scatter_(1, index, 1.0)
    weights = weights * mask
    weights = weights / weights.sum(dim=1, keepdim=True)
    product = weights.unsqueeze(2) * drift.unsqueeze(0)
    return queries + product.sum(dim=1)
