"""The bundled digits, split by class and by task. Torch-free.

1,797 images of the UCI optical recognition set (Alpaydin and Kaynak 1998); five tasks of two digits each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from slora_core.resources import resource_path

CLASSES_A_TASK: Final = 2
TRAIN_SHARE: Final = 0.7
_SPLIT_STREAM: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImages:
    """Images [M, 8, 8] float32 in 0..1 and their digits [M]."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def of(self, classes: tuple[int, ...]) -> LabelledImages:
        chosen = np.isin(self.labels, classes)
        return LabelledImages(self.images[chosen], self.labels[chosen])


@cache
def all_digits() -> LabelledImages:
    with np.load(resource_path("demo/digits.npz"), allow_pickle=False) as archive:
        images = archive["images"].astype(np.float32) / 16
        return LabelledImages(images, archive["labels"].astype(np.int64))


def split_digits(seed: int) -> tuple[LabelledImages, LabelledImages]:
    """Training and test images: of every class 70 % and the rest, by a draw from ``seed``."""
    digits, draw = all_digits(), np.random.default_rng([seed, _SPLIT_STREAM])
    train, test = [], []
    for digit in range(10):
        index = draw.permutation(np.flatnonzero(digits.labels == digit))
        count = train_count(len(index))
        train.append(index[:count])
        test.append(index[count:])
    return tuple(  # type: ignore[return-value]
        LabelledImages(digits.images[index], digits.labels[index])
        for index in (np.concatenate(train), np.concatenate(test))
    )


def train_count(count: int) -> int:
    """Training images among ``count`` of a class."""
    return int(TRAIN_SHARE * count)


def task_classes(task: int) -> tuple[int, ...]:
    """The digits that are new in ``task`` (from 1)."""
    first = CLASSES_A_TASK * (task - 1)
    return tuple(range(first, first + CLASSES_A_TASK))
