"""Training of the demo's transformer: whole on the first task, through low-rank adapters on the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from slora_core.context import RunContext
from slora_core.sources.demo.digits import LabelledImages
from slora_core.sources.demo.model import ADAPTER_RANK, DIM, IMAGE_SIDE, DigitTransformer

BATCH: Final = 32
WARM_UP_STEPS: Final = 20
PASSES: Final = 3
"""What a step takes about, in forward passes: a forward and a backward one; one more recomputes activations."""
_BATCH_STREAM: Final = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps, peak learning rate, and the weight of the reconstruction beside the classification."""

    steps: int
    learning_rate: float
    reconstruction: float


FIRST_TASK: Final = Schedule(steps=450, learning_rate=3e-3, reconstruction=30.0)
LATER_TASKS: Final = Schedule(steps=50, learning_rate=1.5e-3, reconstruction=10.0)


def train_task(
    ctx: RunContext,
    model: DigitTransformer,
    digits: LabelledImages,
    auxiliary: NDArray[np.float32],
    *,
    task: int,
    seed: int,
    schedule: Schedule,
) -> None:
    """Train on the digits of one task; the auxiliary images are reconstructed, never classified.

    Task 1 trains every weight, later tasks a low-rank adapter of each linear map that is merged at the end: the drift
    that compensation is about. Deterministic for a seed on one machine. Advances by steps.
    """
    ctx.load(_load_optimiser)
    generator = torch.Generator().manual_seed(seed * 1000 + task)
    if task > 1:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for layer in model.adapted():
            layer.attach(ADAPTER_RANK, generator)
    train_encoder(ctx, model, digits, auxiliary, generator, task=task, seed=seed, schedule=schedule)
    for layer in model.adapted():
        layer.merge()


def train_encoder(
    ctx: RunContext,
    model: nn.Module,
    digits: LabelledImages,
    auxiliary: NDArray[np.float32],
    generator: torch.Generator,
    *,
    task: int,
    seed: int,
    schedule: Schedule,
) -> None:
    """Train what requires gradients in ``model``, from images [B, 8, 8] to features [B, 64]. Advances by steps."""
    draw = np.random.default_rng([seed, _BATCH_STREAM, task])
    heads = _Heads(len(np.unique(digits.labels)), generator).to(ctx.device)
    optimiser, schedule_rate = _optimiser(model, heads, schedule)
    first = int(digits.labels.min())
    model.train()
    for step in range(schedule.steps):
        schedule_rate(step)
        chosen = draw.integers(0, len(digits.labels), BATCH)
        images = np.concatenate(
            [_shifted(digits.images[chosen], draw), auxiliary[draw.integers(0, len(auxiliary), BATCH)]]
        )
        batch = torch.from_numpy(images).to(ctx.device)
        target = torch.from_numpy(digits.labels[chosen] - first).to(ctx.device)
        features = model(batch)
        loss = F.cross_entropy(heads.classes(features[:BATCH]), target)
        loss = loss + schedule.reconstruction * F.mse_loss(heads.pixels(features), batch.flatten(1))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        ctx.advance()
    for parameter in model.parameters():
        parameter.grad = None
    model.eval()


class _Heads(nn.Module):
    """What a task trains and then throws away: a classifier of its digits and a decoder to pixels."""

    def __init__(self, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.classes = nn.Linear(DIM, classes)
        self.pixels = nn.Linear(DIM, IMAGE_SIDE**2)
        with torch.no_grad():
            for layer in (self.classes, self.pixels):
                layer.weight.normal_(std=0.02, generator=generator)
                layer.bias.zero_()


def _load_optimiser() -> None:
    """The library's optimisers and its checkpointing import a compiler at their first use."""
    import torch._dynamo  # noqa: F401


def _optimiser(model: nn.Module, heads: _Heads, schedule: Schedule) -> tuple[torch.optim.AdamW, Callable[[int], None]]:
    """AdamW, and the function that sets its rates for a step: a warm-up, then half a cosine."""
    groups = [
        (list(heads.pixels.parameters()), 3e-3),
        (list(heads.classes.parameters()), max(schedule.learning_rate, 1e-3)),
        ([parameter for parameter in model.parameters() if parameter.requires_grad], schedule.learning_rate),
    ]
    optimiser = torch.optim.AdamW(
        [{"params": parameters, "lr": rate} for parameters, rate in groups], weight_decay=1e-4, fused=True
    )

    def set_rates(step: int) -> None:
        share = min(1.0, (step + 1) / WARM_UP_STEPS) * (1 + math.cos(math.pi * step / schedule.steps)) / 2
        for group, (_, rate) in zip(optimiser.param_groups, groups, strict=True):
            group["lr"] = rate * share

    return optimiser, set_rates


def _shifted(images: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """Each image moved by up to one pixel in both directions."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    offsets = draw.integers(0, 3, (len(images), 2))
    return np.stack(
        [
            image[row : row + IMAGE_SIDE, column : column + IMAGE_SIDE]
            for image, (row, column) in zip(padded, offsets, strict=True)
        ]
    )
