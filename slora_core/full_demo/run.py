"""Tasks one after another: train, compensate through every front, compare the fronts, measure accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.classifiers.registry import build
from slora_core.compat import GaussianStatistics
from slora_core.compat.variants import VariantState
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.full_demo.digit_vit import DigitVit, save_images
from slora_core.full_demo.fronts import Fronts, TaskFiles, features
from slora_core.memory.devices import resolve_device
from slora_core.records.deviation import deviations
from slora_core.sources.demo.digits import split_digits, task_classes
from slora_core.sources.demo.doodles import draw_doodles
from slora_core.sources.demo.sizes import DOODLES
from slora_core.sources.models.folders import class_folders
from slora_core.sources.models.model_files import base_files
from slora_core.statistics.base import StateReader
from slora_core.statistics.state_file import open_state
from slora_core.types import VARIANT_OF

SAME: Final = 1e-4
"""Relative difference up to which two fronts give the same statistics: batches of other sizes round differently."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FullTask:
    """``accuracies[variant][classifier]`` in 0..1 over all classes seen; ``differences[front]`` from the model pair.

    ``cached_rows`` and ``forward_rows`` are those of the auxiliary images in the loaders' front.
    """

    task: int
    classes_seen: int
    accuracies: dict[str, dict[str, float]]
    differences: dict[str, float]
    cached_rows: int
    forward_rows: int


def run_full_demo(config: RunConfig, folder: Path, *, record: bool, say: Say) -> Iterator[FullTask]:
    """Yields a task when it is done; everything but ``output.state`` is written under ``folder``."""
    seed = config.run.seed
    train, test = split_digits(seed)
    doodles = draw_doodles(seed, DOODLES)
    auxiliary = save_images(folder / "auxiliary", doodles, None)
    vit = DigitVit(folder / "models", seed)
    fronts = Fronts(config, folder, record=record)
    for task in range(1, config.source.tasks + 1):
        digits = train.of(task_classes(task))
        seen = test.of(tuple(digit for earlier in range(1, task + 1) for digit in task_classes(earlier)))
        say(f"task {task}: training")
        vit.train(RunContext(torch.device("cpu")), task, digits, doodles)
        files = TaskFiles(
            task=task,
            base=vit.base,
            before=vit.adapter(task - 1),
            after=vit.adapter(task),
            images=save_images(folder / f"train{task}", digits.images, digits.labels),
            auxiliary=auxiliary,
            test=save_images(folder / f"test{task}", seen.images, seen.labels),
        )
        for name, front in (
            ("model pair", fronts.run_pair),
            ("files", fronts.run_files),
            ("loaders", fronts.run_compat),
        ):
            say(f"task {task}: compensation through {name}")
            front(files)
        yield _measured(config, fronts, files)


def _measured(config: RunConfig, fronts: Fronts, files: TaskFiles) -> FullTask:
    variants = fronts.compat.variants
    rows, labels = features(base_files(str(files.base)), files.after, [class_folders(files.test)])
    pair = fronts.state("pair", files.task)
    by_files = [max(row.mean, row.covariance) for row in deviations(pair, fronts.state("files", files.task))]
    cache = fronts.compat.cache
    return FullTask(
        task=files.task,
        classes_seen=len(next(iter(variants.values()))),
        accuracies={
            variant: _accuracies(config, VariantState(statistics, {}), rows, labels)
            for variant, statistics in variants.items()
        },
        differences={"files": max(by_files), "loaders": _difference(config, pair, variants)},
        cached_rows=cache.hits if cache is not None else 0,
        forward_rows=cache.misses if cache is not None else 0,
    )


def _difference(config: RunConfig, pair: Path, variants: dict[str, dict[int, GaussianStatistics]]) -> float:
    """The largest relative difference of a mean or a covariance of any operator and class."""
    names, worst = config.operators.names, 0.0
    for name in names:
        with open_state(pair, name if len(names) > 1 else None) as state:
            mean, covariance = torch.empty(state.dim), torch.empty(state.dim, state.dim)
            for index, number in enumerate(state.class_ids):
                state.read(index, mean, covariance)
                other = variants[VARIANT_OF[name]][int(number)]
                for ours, theirs in ((mean, other.mean), (covariance, other.cov)):
                    worst = max(worst, float((ours - theirs).norm() / ours.norm()))
    return worst


def _accuracies(
    config: RunConfig, state: StateReader, rows: NDArray[np.float32], labels: NDArray[np.int64]
) -> dict[str, float]:
    device = resolve_device(config.run.device)
    found = {}
    for name in config.classifiers.names:
        classifier = build(name, state, config, device=device)
        best = classifier.scores(torch.from_numpy(rows)).argmax(dim=1).cpu().numpy()
        found[name] = float(np.mean(classifier.class_ids[best] == labels))
    return found
