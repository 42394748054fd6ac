"""One task through each front of the engine: a model pair, feature files, and the front of SubspaceLoRA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from slora_core.compat import DistributionCompensator
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.extraction import Extractor
from slora_core.recording import run_recorded
from slora_core.records.history import History
from slora_core.sources.models.backbone import AdaptedBackbone
from slora_core.sources.models.folders import ImageList, class_folders, unlabelled_images
from slora_core.sources.models.images import ImageInputs, own_preprocessing
from slora_core.sources.models.model_files import BaseFiles, adapter_files, base_files
from slora_core.sources.opening import source_of
from slora_core.types import UNCOMPENSATED, VARIANT_OF

_BATCH = 64


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """What a task consists of on disk; ``before`` and ``after`` are adapters, None for the base alone."""

    task: int
    base: Path
    before: Path | None
    after: Path | None
    images: Path
    auxiliary: Path
    test: Path


class Fronts:
    """Carries a class state for each front through the tasks, in ``folder``; ``record`` puts its runs in the history.

    Each front starts its later tasks from its own statistics. What the model pair has after the last task goes to the
    configuration's ``output.state`` where it names one.
    """

    def __init__(self, config: RunConfig, folder: Path, *, record: bool) -> None:
        self._config = config
        self._folder = folder
        self._record = record
        variants = [UNCOMPENSATED, *(VARIANT_OF[name] for name in config.operators.names)]
        attention = config.operators.attention
        self.compat = DistributionCompensator(
            config.run.device,
            2**31,
            variants,
            "combined",
            attention.temperature,
            attention.top_k,
            chunk_policy=config.memory.policy,
            config=config,
            record=False,
        )

    def state(self, front: str, task: int) -> Path:
        target = self._config.output.state
        if target is not None and (front, task) == ("pair", self._config.source.tasks):
            return Path(target)
        return self._folder / f"{front}-{task}.safetensors"

    def run_pair(self, files: TaskFiles) -> None:
        """Base, adapters and image folders, as ``slora run --base`` does."""
        first = files.task == 1
        self._run(
            f"full-demo-task{files.task}",
            "models",
            self.state("pair", files.task),
            base=str(files.base),
            adapter_before=None if files.before is None else str(files.before),
            adapter_after=None if files.after is None else str(files.after),
            images=str(files.images),
            aux_images=str(files.auxiliary),
            state=None if first else str(self.state("pair", files.task - 1)),
        )

    def run_files(self, files: TaskFiles) -> None:
        """Features extracted by hand and saved, as ``slora run --features`` takes them."""
        if files.task == 1:
            self.state("files", 1).write_bytes(self.state("pair", 1).read_bytes())
            return
        base = base_files(str(files.base))
        lists = [class_folders(files.images), unlabelled_images(files.auxiliary)]
        before, labels = features(base, files.before, lists)
        after, _ = features(base, files.after, lists)
        path = self._folder / f"features-{files.task}.safetensors"
        save_file({"features_before": before, "features_after": after, "labels": labels}, path)
        self._run(
            f"full-demo-files{files.task}",
            "files",
            self.state("files", files.task),
            features=str(path),
            state=str(self.state("files", files.task - 1)),
        )

    def run_compat(self, files: TaskFiles) -> None:
        """Two modules and two loaders, as a training script has them."""
        base = base_files(str(files.base))
        self.compat.set_auxiliary_loader(ImageLoader(base, unlabelled_images(files.auxiliary)))
        before = None if files.task == 1 else model(base, files.before)
        current = ImageLoader(base, class_folders(files.images))
        self.compat.build_all_variants(files.task, before, model(base, files.after), current)

    def _run(self, title: str, kind: str, target: Path, **source: str | None) -> None:
        config = self._config.merged({"source": {"kind": kind, **source}, "output": {"state": str(target)}})
        run_file = History().new_path(title) if self._record else None
        run_recorded(config, source_of(config), run_file=run_file)


class ImageLoader:
    """Images of folders as a data loader: batches of (pixel values, labels)."""

    def __init__(self, base: BaseFiles, images: ImageList) -> None:
        self._base = base
        self._images = images

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        inputs = ImageInputs(self._images, own_preprocessing(self._base), self._base.image_shape, 1)
        for batch in inputs.batches(_BATCH, digests=False):
            yield batch.values, torch.from_numpy(batch.labels)


def model(base: BaseFiles, adapter: Path | None) -> nn.Module:
    """The transformer under one adapter, as a module of its own."""
    backbone = AdaptedBackbone(base, {"own": None if adapter is None else adapter_files(str(adapter))})
    backbone.activate("own")
    return backbone.model


def features(
    base: BaseFiles, adapter: Path | None, lists: list[ImageList]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features [N, d] and labels [N] of images under one adapter."""
    prepare = own_preprocessing(base)
    inputs = [ImageInputs(images, prepare, base.image_shape, 1) for images in lists]
    rows: list[NDArray[np.float32]] = []
    extractor = Extractor(RunContext(torch.device("cpu")), _BATCH)
    encoder = ModuleEncoder(model(base, adapter))
    labels = extractor.extract([encoder], inputs, lambda _, __, batch: rows.append(batch.copy()))
    return np.concatenate(rows), labels
