"""Builds classifiers by name and measures their accuracy on evaluation rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from slora_core.classifiers.base import Classifier
from slora_core.classifiers.blocks import RowBlocks
from slora_core.classifiers.linear import LinearDiscriminant, NearestMean
from slora_core.classifiers.lr_rgda import LowRankDiscriminant
from slora_core.classifiers.plan import EvaluationChoice, built_footprint
from slora_core.classifiers.qda import QuadraticDiscriminant
from slora_core.classifiers.statistics import ClassStatistics
from slora_core.config import ClassifiersConfig, RunConfig
from slora_core.context import RunContext
from slora_core.errors import ConfigError, InputError
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging import Staging
from slora_core.sources.rounds import LabelledRows
from slora_core.statistics.base import StateReader
from slora_core.types import CLASSIFIERS


@torch.no_grad()
def build(
    name: str,
    state: StateReader,
    config: RunConfig | None = None,
    *,
    device: torch.device | None = None,
    rows: int = 256,
) -> Classifier:
    """The classifier ``name`` of ``state`` with all that scoring needs resident; it scores ``rows`` at a time.

    ``config`` holds its settings (None: the defaults). QDA keeps reading covariances from ``state``. Raises ConfigError
    for an unknown name, NumericalError for statistics that no regularisation of ``config`` makes valid.
    """
    if name not in CLASSIFIERS:
        raise ConfigError(f"unknown classifier {name!r}; known: {', '.join(CLASSIFIERS)}")
    config, device = config or RunConfig(), device or torch.device("cpu")
    profile = CUDA_PROFILE if device.type == "cuda" else CPU_PROFILE
    choice = EvaluationChoice(rows, len(state.class_ids))
    space = Workspace(built_footprint(name, choice, state.dim, config, profile), device)
    statistics, blocks = _open(state, space)
    classifier = _make(name, statistics, space, blocks, settings=config.classifiers, report=lambda _: None)
    if name != "qda":
        space.close()
    return classifier


@torch.no_grad()
def evaluate(
    ctx: RunContext, config: RunConfig, state: StateReader, rows: LabelledRows, option: Option
) -> dict[str, float]:
    """Accuracy in 0..1 of each classifier of ``config`` on ``rows``, with ``option`` of ``evaluate_options``.

    Opens no stage; advances it by ``evaluation_steps``. Raises InputError when the rows do not fit the state.
    """
    positions = _true_positions(state, rows)
    accuracies: dict[str, float] = {}
    with Workspace(option.footprint, ctx.device) as space:
        space.make_room()
        statistics, blocks = _open(state, space)
        for name in config.classifiers.names:
            with space.phase(name):
                classifier = _make(name, statistics, space, blocks, settings=config.classifiers, report=ctx.advance)
                classifier.score_rows(rows, space["scores"], ctx.advance)
                del classifier
            predicted = torch.argmax(space["scores"], dim=1, out=space["predicted"]).cpu().numpy()
            accuracies[name] = float(np.count_nonzero(predicted == positions)) / rows.count
    return accuracies


def _open(state: StateReader, space: Workspace) -> tuple[ClassStatistics, RowBlocks]:
    staging = Staging(space)
    return ClassStatistics(state, space, staging), RowBlocks(space, staging)


def _make(
    name: str,
    statistics: ClassStatistics,
    space: Workspace,
    blocks: RowBlocks,
    *,
    settings: ClassifiersConfig,
    report: Callable[[int], None],
) -> Classifier:
    if name == "ncm":
        return NearestMean(statistics, space, blocks)
    if name == "lda":
        return LinearDiscriminant(statistics, space, blocks, settings.lda_alpha)
    if name == "qda":
        return QuadraticDiscriminant(statistics, space, blocks, settings.qda_alphas)
    return LowRankDiscriminant(statistics, space, blocks, settings.qda_alphas, report)


def _true_positions(state: StateReader, rows: LabelledRows) -> np.ndarray:
    """Class number 0..C-1 of each row."""
    if rows.count < 1:
        raise InputError("the evaluation has no rows: expected at least one")
    if rows.dim != state.dim:
        raise InputError(f"evaluation rows have {rows.dim} features and the class state {state.dim}: expected the same")
    number = {int(class_id): position for position, class_id in enumerate(state.class_ids)}
    labels = rows.read_labels(0, rows.count)
    unknown = sorted({int(label) for label in np.unique(labels)} - number.keys())
    if unknown:
        raise InputError(
            f"evaluation rows carry the class {', '.join(map(str, unknown[:5]))}, which the class state does not have"
        )
    return np.array([number[int(label)] for label in labels], dtype=np.int64)
