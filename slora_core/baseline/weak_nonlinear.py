"""Memory source 4 of the seed: alpha2-SLDC in a plain training loop, and all samples of a class moved at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slora_core.baseline.draws import Draws
from slora_core.baseline.features import Features
from slora_core.baseline.gaussians import Gaussian, moments
from slora_core.config import WeakNonlinearConfig
from slora_core.context import RunContext


class WeakNonlinearNetwork(nn.Module):
    """a1 A x + a2 B2 relu(B1 x), (a1, a2) = softmax(alpha / exp(s))."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim, bias=False)
        self.inner = nn.Linear(dim, dim, bias=False)
        self.outer = nn.Linear(dim, dim, bias=False)
        self.alphas = nn.Parameter(torch.tensor([1.0, 0.0]))
        self.log_scale = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.alphas / torch.exp(self.log_scale), dim=0)
        moved: Tensor = weights[0] * self.linear(x) + weights[1] * self.outer(F.relu(self.inner(x)))
        return moved

    def load(self, linear: Tensor, inner: Tensor, outer: Tensor) -> None:
        """Set A, B1 and B2."""
        with torch.no_grad():
            self.linear.weight.copy_(linear)
            self.inner.weight.copy_(inner)
            self.outer.weight.copy_(outer)


def fit_weak_nonlinear(
    ctx: RunContext, features: Features, config: WeakNonlinearConfig, draws: Draws
) -> WeakNonlinearNetwork:
    """AdamW with a cosine schedule over ``config.steps`` batches. Advances by steps."""
    count, dim = features.before.shape
    network = WeakNonlinearNetwork(dim)
    network.load(*draws.initial_weights(dim))
    network.to(ctx.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, config.learning_rate / 3)
    batches = torch.from_numpy(draws.batch_indices(config.steps, config.batch, count)).to(ctx.device)
    for index in batches:
        x, y = features.before[index], features.after[index]
        with torch.enable_grad():
            pull = torch.softmax(network.alphas, dim=0)[0] - 1
            loss = F.mse_loss(network(x), y) + 0.5 * pull**2
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        ctx.advance()
    return network


def load_optimizer() -> None:
    """Let the library finish its imports, which take a second or two, before a stage is timed."""
    torch.optim.AdamW([nn.Parameter(torch.zeros(1))])


def move_weak_nonlinear(network: WeakNonlinearNetwork, samples: Tensor) -> Gaussian:
    """Moments of f(samples), [S, d] all at once."""
    with torch.no_grad():
        return moments(network(samples))
