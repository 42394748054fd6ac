"""Scores to softmax weights in place, without a normaliser.

Scores are cos / tau in units of log 2, so that a weight is 2^(score - shift): the shift cancels in the quotient of
weighted drift and weight. ``exp2`` is also the fastest exponential of the library, twice ``exp``.
"""

from __future__ import annotations

from math import log
from typing import Final

import torch
from torch import Tensor

_WIDEST: Final = 96.0
"""Spread of scores, in powers of two, that float32 holds together with a sum over 2^20 keys."""


_CACHED_ELEMENTS: Final = 2**22
"""Scores that stay in the cache of a card from one pass over them to the next."""


def score_scale(temperature: float) -> float:
    """Scores are this times the cosine."""
    return 1 / (log(2) * temperature)


def spans_safely(temperature: float) -> bool:
    """Whether weights can be taken relative to any score of the row: no need to look for the largest."""
    return 2 * score_scale(temperature) <= _WIDEST


def below_ties(temperature: float) -> float:
    """A distance that takes a shift strictly below a score of any size."""
    return 1 + score_scale(temperature) / 1000


def weigh_selected(scores: Tensor, below: Tensor, top: Tensor | None) -> None:
    """Weights of the scores above ``below`` [rows, 1], zero for the others.

    ``top`` [rows, 1], needed when the spread is wide, is the largest score and becomes its distance from ``below``.
    """
    step = max(1, _CACHED_ELEMENTS // scores.shape[1])
    for start in range(0, len(scores), step):
        rows = slice(start, start + step)
        part = scores[rows]
        part.sub_(below[rows])
        torch.threshold_(part, 0.0, -torch.inf)
        if top is not None:
            part.sub_(top[rows])
        part.exp2_()


def weigh_all(scores: Tensor, shift: Tensor) -> None:
    """Weights of all scores, relative to ``shift`` [rows, 1]."""
    scores.sub_(shift)
    scores.exp2_()
