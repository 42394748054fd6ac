"""Two small modules, loaders in the shapes that trainers have, and a history of their own."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DIM = 10


class Backbone(nn.Module):
    """Features [b, 10] of images [b, 3, 4, 4] by ``forward_features``; dropout shows a model left in train mode."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(48, 32), nn.GELU(), nn.Dropout(0.3), nn.Linear(32, DIM))
        self.head = nn.Linear(DIM, 3)
        self.passes = 0
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.normal_(std=0.3, generator=generator)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += len(x)
        return self.body(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.forward_features(x))

    def drifted(self, seed: int) -> Backbone:
        """The model after a task."""
        after = copy.deepcopy(self)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in after.body.parameters():
                parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
        return after


@pytest.fixture
def models() -> list[Backbone]:
    """After task 1, 2 and 3."""
    first = Backbone(0)
    second = first.drifted(1)
    return [first, second, second.drifted(2)]


@pytest.fixture
def images():
    """``images(classes, seed, count)``: rows and labels."""

    def make(classes, seed: int, count: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        labels = torch.tensor([number for number in classes for _ in range(count)])
        centres = torch.randn(20, 3, 4, 4, generator=torch.Generator().manual_seed(99))
        values = centres[labels] + 0.5 * torch.randn(len(labels), 3, 4, 4, generator=generator)
        order = torch.randperm(len(labels), generator=generator)
        return values[order], labels[order]

    return make


@pytest.fixture
def loader(images):
    def make(classes, seed: int, count: int = 30, **options) -> DataLoader:
        return DataLoader(TensorDataset(*images(classes, seed, count)), batch_size=16, **options)

    return make


@pytest.fixture(autouse=True)
def own_history(monkeypatch, tmp_path):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))
