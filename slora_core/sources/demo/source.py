"""The demo as a source: a transformer that learns two digits a task, and the features before and after each task."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.cache import SmartFeatureCache
from slora_core.features.extraction import Extractor, Segment, Sink
from slora_core.features.plan import extraction_options
from slora_core.features.probe import probe_extraction
from slora_core.memory.plan import StageRequest
from slora_core.sources.demo.digits import LabelledImages, split_digits, task_classes
from slora_core.sources.demo.doodles import draw_doodles
from slora_core.sources.demo.model import DigitTransformer
from slora_core.sources.demo.sizes import DOODLES, FEATURES, demo_workloads
from slora_core.sources.demo.training import FIRST_TASK, LATER_TASKS, train_task
from slora_core.sources.feature_files import EvaluationFile, FeatureFile
from slora_core.sources.file_info import AFTER, BEFORE, LABELS
from slora_core.sources.file_info import FEATURES as ROWS
from slora_core.sources.rounds import Round
from slora_core.sources.tensor_file import TensorFileWriter

CACHE_BYTES: Final = 2 * DOODLES * FEATURES * 4
"""Two generations of the auxiliary images' features."""
FIRST_CACHED_TASK: Final = 2
TO_THE_END: Final = 10**6


@dataclass(frozen=True, slots=True)
class DemoProbe:
    """Planned extractions by task, and what the model and its cache hold through the whole run."""

    requests: dict[int, Sequence[StageRequest]]
    held_bytes: int


def probe_demo(config: RunConfig, device: torch.device) -> DemoProbe:
    """Measure small batches of an untrained model of the demo's shape, and plan every task's extraction from them."""
    model = DigitTransformer(torch.Generator().manual_seed(config.run.seed)).to(device)
    model_bytes = sum(parameter.nbytes for parameter in model.parameters())
    images = draw_doodles(config.run.seed, 24)
    cost = probe_extraction([model], images, device, mixed_precision=config.measures.mixed_precision)
    requests: dict[int, Sequence[StageRequest]] = {}
    for task, workload in enumerate(demo_workloads(config), start=1):
        options = extraction_options(
            cost,
            rows=(workload.pairs or workload.labelled_rows) + workload.evaluation_rows,
            passes=2 if workload.pairs else 1,
            dim=workload.dim,
            held_bytes=model_bytes if workload.pairs else 0,
            cache_bytes=CACHE_BYTES if task == FIRST_CACHED_TASK and config.measures.feature_cache else 0,
            config=config,
        )
        requests[task] = [StageRequest("extract", options, keeps_for=TO_THE_END)]
    return DemoProbe(requests, model_bytes)


class DemoSource:
    """Rounds of the demo, trained and extracted as they are asked for; their rows lie in scratch files.

    ``batch_of(task)`` is the planned extraction batch. No image of an old class is used after its task: the pairs are
    the current training images and drawn auxiliary images.
    """

    def __init__(self, config: RunConfig, ctx: RunContext, batch_of: Callable[[int], int]) -> None:
        self.tasks = config.source.tasks
        self._config = config
        self._ctx = ctx
        self._batch_of = batch_of
        seed = config.run.seed
        self._train, self._test = split_digits(seed)
        self._doodles = draw_doodles(seed, DOODLES)
        self._model = DigitTransformer(
            torch.Generator().manual_seed(seed), checkpointing=config.measures.activation_checkpointing
        ).to(ctx.device)
        self._seed_engine = config.run.engine == "baseline"
        caches = config.measures.feature_cache and not self._seed_engine
        self._cache = SmartFeatureCache(2 * DOODLES, ctx.device, max_bytes=CACHE_BYTES) if caches else None

    def rounds(self) -> Iterator[Round]:
        with ExitStack() as files:
            for task in range(1, self.tasks + 1):
                yield self._round(task, files)

    def _round(self, task: int, files: ExitStack) -> Round:
        digits = self._train.of(task_classes(task))
        before = copy.deepcopy(self._model) if task > 1 else None
        schedule = LATER_TASKS if task > 1 else FIRST_TASK
        if task == 1 and self._config.memory.budget is not None:
            self._ctx.notice(
                "outside-budget",
                "training precedes compensation: its memory is counted, and the budget does not bind it",
            )
        with self._ctx.stage("train", total=schedule.steps, unit="steps"), self._ctx.unbudgeted():
            train_task(
                self._ctx,
                self._model,
                digits,
                self._doodles,
                task=task,
                seed=self._config.run.seed,
                schedule=schedule,
            )
        seen = self._test.of(tuple(digit for earlier in range(1, task + 1) for digit in task_classes(earlier)))
        rows = len(digits.labels) + (DOODLES if before is not None else 0)
        with self._ctx.stage("extract", total=rows + len(seen.labels), unit="images"):
            if self._cache is not None:
                self._cache.clear_expired_cache(task)
            pairs, labelled = None, None
            if before is None:
                labelled = files.enter_context(self._extract_rows(task, "train", digits))
            else:
                pairs = files.enter_context(self._extract_pairs(task, before, digits))
            del before
            evaluation = files.enter_context(self._extract_rows(task, "test", seen))
        return Round(task, self.tasks, pairs, pairs.labelled if pairs is not None else labelled, evaluation)

    def _extractor(self, task: int) -> Extractor:
        measures = self._config.measures
        return Extractor(
            self._ctx,
            self._batch_of(task),
            progressive_release=measures.progressive_release and not self._seed_engine,
            mixed_precision=measures.mixed_precision and not self._seed_engine,
        )

    def _extract_pairs(self, task: int, before: DigitTransformer, digits: LabelledImages) -> FeatureFile:
        """The task's own images with their labels, then the auxiliary ones without."""
        path = self._ctx.scratch / f"pairs-{task}.safetensors"
        labels = np.concatenate([digits.labels, np.full(DOODLES, -1, np.int64)])
        segments = [Segment(digits.images), Segment(self._doodles, self._cache)]
        _write(
            path,
            (BEFORE, AFTER),
            LABELS,
            labels,
            lambda sink: self._extractor(task).extract([before, self._model], segments, sink),
        )
        return FeatureFile(path, self._ctx.scratch)

    def _extract_rows(self, task: int, name: str, digits: LabelledImages) -> EvaluationFile:
        path = self._ctx.scratch / f"{name}-{task}.safetensors"
        segments = [Segment(digits.images)]
        _write(
            path,
            (ROWS,),
            LABELS,
            digits.labels,
            lambda sink: self._extractor(task).extract([self._model], segments, sink),
        )
        return EvaluationFile(path, self._ctx.scratch)


def _write(
    path: Path,
    keys: tuple[str, ...],
    label_key: str,
    labels: NDArray[np.int64],
    extract: Callable[[Sink], None],
) -> None:
    """A feature or evaluation file of what ``extract`` hands to its sink."""
    shape = (len(labels), FEATURES)
    tensors: dict[str, tuple[str, tuple[int, ...]]] = dict.fromkeys(keys, ("float32", shape))
    with TensorFileWriter(path, {**tensors, label_key: ("int64", labels.shape)}, {}) as file:
        file.write(label_key, 0, labels)
        extract(lambda number, row, features: file.write(keys[number], row, features))
        file.commit(durable=False)
