"""The contract of every classifier rebuilt from class statistics, with uniform priors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from slora_core.classifiers.blocks import FeatureRows, RowBlocks
from slora_core.errors import InputError


class Classifier(ABC):
    """Scores rows against C classes; the larger the likelier.

    Instances come from ``build`` or live inside ``evaluate``. They hold buffers of a workspace and score in float64.
    """

    def __init__(self, class_ids: NDArray[np.int64], dim: int, blocks: RowBlocks) -> None:
        self.class_ids = class_ids
        self.dim = dim
        self._blocks = blocks

    @abstractmethod
    def score_rows(self, rows: FeatureRows, scores: Tensor, report: Callable[[int], None]) -> None:
        """Scores of all rows into ``scores`` [M, C] float64 on the device; ``report(n)`` after each n classes."""

    def scores(self, features: ArrayLike | Tensor) -> Tensor:
        """Scores [M, C] float64, on the device of the classifier, of ``features`` [M, d].

        Features are an array, or a tensor of any device and float type. Raises InputError for another shape.
        """
        if not isinstance(features, Tensor):
            features = torch.tensor(np.asarray(features))
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise InputError(f"features have shape {tuple(features.shape)}: expected [rows, {self.dim}]")
        rows = _TensorRows(features.detach())
        out = torch.empty(rows.count, len(self.class_ids), dtype=torch.float64, device=self._blocks.device)
        with torch.no_grad():
            self.score_rows(rows, out, lambda _: None)
        return out

    def predict(self, features: ArrayLike | Tensor) -> NDArray[np.int64]:
        """Class id [M] of the highest score of each row."""
        positions: NDArray[np.int64] = self.scores(features).argmax(dim=1).cpu().numpy()
        return self.class_ids[positions]


class _TensorRows:
    def __init__(self, features: Tensor) -> None:
        self._features = features
        self.count, self.dim = features.shape

    def read(self, start: int, stop: int, out: Tensor) -> None:
        out[: stop - start].copy_(self._features[start:stop])
