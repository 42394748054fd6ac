"""The demo's vision transformer: 2 x 2 patches of an 8 x 8 image, 16 tokens and a class token, d = 64."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

IMAGE_SIDE: Final = 8
PATCH_SIDE: Final = 2
TOKENS: Final = (IMAGE_SIDE // PATCH_SIDE) ** 2
DIM: Final = 64
DEPTH: Final = 4
HEADS: Final = 4
HIDDEN: Final = 128
ADAPTER_RANK: Final = 4
RESIDUAL_SCALE: Final = 0.35
"""Residual branches start small: the class token keeps more of the image."""


class AdaptedLinear(nn.Linear):
    """A linear map W x + b that can carry a low-rank adapter: (W + B A) x + b, A [r, in], B [out, r] (LoRA).

    With an adapter attached only A and B are trained; :meth:`merge` adds B A to W and removes them.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.register_parameter("adapter_a", None)
        self.register_parameter("adapter_b", None)
        self.adapter_a: nn.Parameter | None
        self.adapter_b: nn.Parameter | None

    def attach(self, rank: int, generator: torch.Generator) -> None:
        """Start an adapter at B A = 0."""
        a = torch.empty(rank, self.in_features).normal_(std=self.in_features**-0.5, generator=generator)
        self.adapter_a = nn.Parameter(a.to(self.weight.device))
        self.adapter_b = nn.Parameter(torch.zeros(self.out_features, rank, device=self.weight.device))

    @torch.no_grad()
    def merge(self) -> None:
        if self.adapter_a is not None and self.adapter_b is not None:
            self.weight.addmm_(self.adapter_b, self.adapter_a)
        self.adapter_a = self.adapter_b = None

    def forward(self, x: Tensor) -> Tensor:
        if self.adapter_a is None or self.adapter_b is None:
            return F.linear(x, self.weight, self.bias)
        return F.linear(x, torch.addmm(self.weight, self.adapter_b, self.adapter_a), self.bias)


class Block(nn.Module):
    """Pre-norm self-attention and a two-layer perceptron, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(DIM)
        self.qkv = AdaptedLinear(DIM, 3 * DIM)
        self.proj = AdaptedLinear(DIM, DIM)
        self.norm2 = nn.LayerNorm(DIM)
        self.widen = AdaptedLinear(DIM, HIDDEN)
        self.narrow = AdaptedLinear(HIDDEN, DIM)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, tokens, 3, HEADS, DIM // HEADS)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        x = x + self.proj(mixed.transpose(1, 2).reshape(batch, tokens, DIM))
        moved: Tensor = x + self.narrow(F.gelu(self.widen(self.norm2(x))))
        return moved


class DigitTransformer(nn.Module):
    """Images [B, 8, 8] with values 0..1 to features [B, 64]: the normalised class token.

    ``checkpointing`` recomputes the blocks in the backward pass of a training step instead of keeping activations.
    """

    def __init__(self, generator: torch.Generator, *, checkpointing: bool = False) -> None:
        super().__init__()
        self.checkpointing = checkpointing
        self.embed = nn.Linear(PATCH_SIDE**2, DIM)
        self.class_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.position = nn.Parameter(torch.zeros(1, TOKENS + 1, DIM))
        self._blocks = [Block() for _ in range(DEPTH)]
        self.blocks = nn.ModuleList(self._blocks)
        self.norm = nn.LayerNorm(DIM)
        self._initialise(generator)

    def forward(self, images: Tensor) -> Tensor:
        x = self.embed(_patches(images))
        x = torch.cat((self.class_token.expand(len(x), -1, -1), x), dim=1) + self.position
        for block in self.blocks:
            if self.checkpointing and self.training:
                x = checkpoint(block, x, use_reentrant=False, preserve_rng_state=False)
            else:
                x = block(x)
        features: Tensor = self.norm(x[:, 0])
        return features

    def adapted(self) -> list[AdaptedLinear]:
        return [module for module in self.modules() if isinstance(module, AdaptedLinear)]

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(std=module.in_features**-0.5, generator=generator)
                module.bias.zero_()
        for block in self._blocks:
            block.proj.weight.mul_(RESIDUAL_SCALE)
            block.narrow.weight.mul_(RESIDUAL_SCALE)
        self.position.normal_(std=0.3, generator=generator)


def _patches(images: Tensor) -> Tensor:
    """[B, 8, 8] -> [B, 16, 4]."""
    grid = IMAGE_SIDE // PATCH_SIDE
    cut = images.view(len(images), grid, PATCH_SIDE, grid, PATCH_SIDE).permute(0, 1, 3, 2, 4)
    return cut.reshape(len(images), TOKENS, PATCH_SIDE**2)
