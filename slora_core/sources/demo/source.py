"""The demo as a source: a transformer that learns two digits a task, and the features before and after each task."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import torch

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.cache.smart import SmartFeatureCache
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs, Inputs
from slora_core.features.plan import ExtractionWork, extraction_options
from slora_core.features.precision import probe_precision
from slora_core.features.store import FeatureFiles, StoredPairs, StoredRows
from slora_core.memory.plan import StageRequest
from slora_core.memory.pool import release_library_workspaces
from slora_core.sources.demo.digits import LabelledImages, split_digits, task_classes
from slora_core.sources.demo.doodles import draw_doodles
from slora_core.sources.demo.model import DigitTransformer
from slora_core.sources.demo.sizes import DOODLES, FEATURES, demo_workloads
from slora_core.sources.demo.training import BATCH, FIRST_TASK, LATER_TASKS, PASSES, Schedule, train_task
from slora_core.sources.probed import PlannedForward, Probed
from slora_core.sources.rounds import Round

CACHE_BYTES: Final = 2 * DOODLES * FEATURES * 4
"""Two generations of the auxiliary images' features."""
FIRST_CACHED_TASK: Final = 2
TO_THE_END: Final = 10**6


def probe_demo(config: RunConfig, device: torch.device) -> Probed:
    """Measure small batches of an untrained model of the demo's shape, and plan every task's extraction from them."""
    model = DigitTransformer(torch.Generator().manual_seed(config.run.seed)).to(device)
    model_bytes = sum(parameter.nbytes for parameter in model.parameters())
    images = draw_doodles(config.run.seed, 24)
    precision, cost, measured = probe_precision([ModuleEncoder(model)], images, device, config, held_bytes=model_bytes)
    caches = config.measures.feature_cache
    requests: dict[int, Sequence[StageRequest]] = {}
    for task, workload in enumerate(demo_workloads(config), start=1):
        work = ExtractionWork(
            rows=workload.pairs or workload.labelled_rows,
            evaluation_rows=workload.evaluation_rows,
            passes=2 if workload.pairs else 1,
            dim=workload.dim,
            held_bytes=model_bytes if workload.pairs else 0,
            cache_bytes=CACHE_BYTES if task == FIRST_CACHED_TASK and caches else 0,
            looks_up=caches and workload.pairs > 0,
        )
        requests[task] = [
            StageRequest("extract", extraction_options(cost, work, config, precision), keeps_for=TO_THE_END)
        ]
    pass_s = cost.of(2 * BATCH).seconds  # of as many auxiliary images as digits
    step_s = (PASSES + config.measures.activation_checkpointing) * pass_s
    prefix = "task{}." if len(requests) > 1 else ""
    training_s = {f"{prefix.format(task)}train": _schedule_of(task).steps * step_s for task in requests}
    return Probed(requests, model_bytes, measured, training_s)


class DemoSource:
    """Rounds of the demo, trained and extracted as they are asked for; their rows lie in scratch files.

    ``planned(task)`` says how features are extracted. No image of an old class is used after its task: the pairs are
    the current training images and drawn auxiliary images.
    """

    def __init__(self, config: RunConfig, ctx: RunContext, planned: Callable[[int], PlannedForward]) -> None:
        self.tasks = config.source.tasks
        self._config = config
        self._ctx = ctx
        self._planned = planned
        seed = config.run.seed
        self._train, self._test = split_digits(seed)
        self._doodles = draw_doodles(seed, DOODLES)
        self._model = DigitTransformer(
            torch.Generator().manual_seed(seed), checkpointing=config.measures.activation_checkpointing
        ).to(ctx.device)
        self._seed_engine = config.run.engine == "baseline"
        caches = config.measures.feature_cache and not self._seed_engine
        self._cache = SmartFeatureCache(2 * DOODLES, ctx.device) if caches else None

    def rounds(self) -> Iterator[Round]:
        with ExitStack() as files:
            for task in range(1, self.tasks + 1):
                yield self._round(task, files)

    def _round(self, task: int, files: ExitStack) -> Round:
        digits = self._train.of(task_classes(task))
        before = copy.deepcopy(self._model) if task > 1 else None
        schedule = _schedule_of(task)
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
        release_library_workspaces(self._ctx.device)
        return Round(task, self.tasks, pairs, pairs.labelled if pairs is not None else labelled, evaluation)

    def _extractor(self, task: int) -> Extractor:
        planned = self._planned(task)
        return Extractor(
            self._ctx,
            planned.batch,
            progressive_release=self._config.measures.progressive_release and not self._seed_engine,
            precision=planned.precision,
            cache=self._cache,
        )

    def _extract_pairs(self, task: int, before: DigitTransformer, digits: LabelledImages) -> StoredPairs:
        """The task's own images with their labels, then the auxiliary ones without."""
        inputs: list[Inputs] = [ArrayInputs(digits.images, digits.labels), ArrayInputs(self._doodles, cached=True)]
        encoders = [ModuleEncoder(before), ModuleEncoder(self._model)]
        with FeatureFiles(self._ctx.scratch, f"pairs-{task}", 2) as files:
            labels = self._extractor(task).extract(encoders, inputs, files.append)
            return files.finish(labels).as_pairs()

    def _extract_rows(self, task: int, name: str, digits: LabelledImages) -> StoredRows:
        inputs = [ArrayInputs(digits.images, digits.labels)]
        with FeatureFiles(self._ctx.scratch, f"{name}-{task}", 1) as files:
            labels = self._extractor(task).extract([ModuleEncoder(self._model)], inputs, files.append)
            return files.finish(labels).as_rows()


def _schedule_of(task: int) -> Schedule:
    return LATER_TASKS if task > 1 else FIRST_TASK
