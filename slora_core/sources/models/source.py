"""A model pair as a source: one transformer, its adapters before and after the task, images in folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.features.cache.opening import disk_cache
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.plan import extraction_options
from slora_core.features.probe import SMALL, probe_extraction
from slora_core.features.store import FeatureFiles, StoredPairs, StoredRows
from slora_core.memory.plan import StageRequest
from slora_core.sources.models.backbone import AdaptedBackbone
from slora_core.sources.models.estimate import extraction_work
from slora_core.sources.models.folders import ImageList
from slora_core.sources.models.images import Broken, ImageInputs, own_preprocessing
from slora_core.sources.models.sizes import ModelInputs, model_inputs
from slora_core.sources.opened import OpenSource
from slora_core.sources.probed import Probed
from slora_core.sources.rounds import Round
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import variants_of
from slora_core.types import Workload

SMALL_ON_CPU = (2, 6)
"""Inputs of the probe on a CPU, where a large transformer takes a second for three of them."""
SEED_BATCH = 16
_NAMED = 5


class ModelPairSource:
    """One round: features of the images before and after, from one pass over them; then the model is released.

    ``probe`` loads the model; :meth:`open` extracts with it.
    """

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._read: ModelInputs | None = None
        self._backbone: AdaptedBackbone | None = None

    @property
    def _inputs(self) -> ModelInputs:
        if self._read is None:
            self._read = model_inputs(self._config)
        return self._read

    def workloads(self) -> tuple[Workload, ...]:
        return (self._inputs.workload,)

    def probe(self, device: torch.device) -> Probed:
        """Measure two small batches, and plan the extraction from them."""
        inputs = self._inputs
        self._backbone = AdaptedBackbone(inputs.base, {"before": inputs.adapter_before, "after": inputs.adapter_after})
        on_cpu = device.type == "cpu"
        if not on_cpu:
            self._backbone.take_over(device)
        counts = SMALL_ON_CPU if on_cpu else SMALL
        noise = np.random.default_rng(0).standard_normal((counts[1], *inputs.base.image_shape), np.float32)
        encoders = self._encoders(self._backbone)
        cost = probe_extraction(encoders, noise, device, precision=self._config.precision, counts=counts)
        self._backbone.give_back()
        work = extraction_work(self._config, inputs, self._backbone.size_bytes, device.type)
        return Probed({1: [StageRequest("extract", extraction_options(cost, work, self._config))]})

    @contextmanager
    def open(self, ctx: RunContext, batch_of: Callable[[int], int]) -> Iterator[OpenSource]:
        with ExitStack() as stack:
            states = {}
            if (path := self._config.source.state) is not None:
                states = {name: stack.enter_context(open_state(path, name)) for name in variants_of(path)}
            yield OpenSource(1, _once(lambda: self._round(ctx, batch_of(1), stack)), states)

    def close(self) -> None:
        """Also drops the files' sizes: a later run looks again."""
        self._backbone = self._read = None

    def _encoders(self, backbone: AdaptedBackbone) -> list[Encoder]:
        names = ("before", "after") if self._inputs.workload.pairs else ("after",)
        return [backbone.encoder(name) for name in names]

    def _round(self, ctx: RunContext, batch: int, files: ExitStack) -> Round:
        inputs, config = self._inputs, self._config
        lists = [part for part in (inputs.images, inputs.auxiliary) if part is not None]
        evaluation = inputs.evaluation
        total = sum(map(len, lists)) + len(evaluation or ())
        _announce(ctx, lists + ([evaluation] if evaluation else []))
        with ctx.stage("extract", total=total, unit="images"):
            backbone, self._backbone = self._backbone, None
            if backbone is None:
                raise RuntimeError("the source was opened before it was probed, or twice")
            backbone.take_over(ctx.device)
            encoders = self._encoders(backbone)
            seed_engine = config.run.engine == "baseline"
            extractor = Extractor(
                ctx,
                SEED_BATCH if seed_engine else batch,
                progressive_release=config.measures.progressive_release and not seed_engine,
                precision="fp32" if seed_engine else config.precision,
                cache=None if seed_engine else disk_cache(config, ctx.device),
            )
            reader = _Reader(ctx, config, inputs, extractor, files)
            stored = reader.read("images", encoders, lists)
            tested = reader.read("evaluation", encoders[-1:], [evaluation]) if evaluation else None
            reader.finish()
            del encoders, backbone, reader, extractor
        if ctx.device.type == "cuda":
            torch.cuda.empty_cache()
        pairs = stored if isinstance(stored, StoredPairs) else None
        labelled = stored.labelled if isinstance(stored, StoredPairs) else stored
        rows = tested if isinstance(tested, StoredRows) else None
        return Round(1, 1, pairs, labelled, rows, self._sizes(stored, rows))

    def _sizes(self, stored: StoredPairs | StoredRows, tested: StoredRows | None) -> Workload | None:
        """What came, where that is less than was planned for."""
        planned = self._inputs.workload
        labels = stored.read_labels(0, stored.count)
        new = labels[(labels >= 0) & ~np.isin(labels, self._inputs.known_ids)]
        found = Workload(
            pairs=stored.count if isinstance(stored, StoredPairs) else 0,
            dim=planned.dim,
            classes=planned.classes,
            new_classes=len(np.unique(new)),
            evaluation_rows=tested.count if tested is not None else 0,
            labelled_rows=len(new),
        )
        return None if found == planned else found


class _Reader:
    """Extracts lists of images into scratch files and reports what could not be read."""

    def __init__(
        self, ctx: RunContext, config: RunConfig, inputs: ModelInputs, extractor: Extractor, files: ExitStack
    ) -> None:
        self._ctx = ctx
        self._config = config
        self._shape = inputs.base.image_shape
        self._prepare = own_preprocessing(inputs.base)
        self._extractor = extractor
        self._files = files

    def read(self, name: str, encoders: Sequence[Encoder], lists: Sequence[ImageList]) -> StoredPairs | StoredRows:
        """Pairs of two encoders, rows of one. Raises InputError when a class, or all, is lost."""
        workers = self._config.extraction.workers
        pinned = self._ctx.device.type == "cuda"
        parts = [ImageInputs(images, self._prepare, self._shape, workers, pinned=pinned) for images in lists]
        with FeatureFiles(self._ctx.scratch, name, len(encoders)) as files:
            labels = self._extractor.extract(encoders, parts, files.append)
            self._report(lists, [broken for part in parts for broken in part.broken], labels)
            if len(encoders) == 2:
                return self._files.enter_context(files.as_pairs(labels))
            return self._files.enter_context(files.as_rows(labels))

    def finish(self) -> None:
        """Say what the cache has saved, and have it written."""
        cache, extractor = self._extractor.cache, self._extractor
        if cache is None:
            return
        cache.flush()
        self._ctx.notice(
            "feature-cache",
            f"feature cache: {cache.hits} of {cache.hits + cache.misses} features were known,"
            f" {extractor.passes} forward passes were made",
            hits=cache.hits,
            misses=cache.misses,
            passes=extractor.passes,
        )

    def _report(self, lists: Sequence[ImageList], broken: Sequence[Broken], labels: NDArray[np.int64]) -> None:
        if not broken:
            return
        expected = Counter(label for images in lists for label in images.labels)
        left = Counter(labels.tolist())
        first = f"{str(broken[0].path)!r}: {broken[0].reason}"
        for images in lists:
            for class_id in dict.fromkeys(images.labels):
                if not left[class_id]:
                    name = images.class_names.get(class_id, "")
                    where = f"of class {name!r} " if name else ""
                    raise InputError(
                        f"image folder {str(images.root)!r}: none of the {expected[class_id]} images {where}can be"
                        f" read; the first is {first}"
                    )
        named = ", ".join(repr(str(item.path)) for item in broken[:_NAMED])
        more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
        self._ctx.notice(
            "skipped-images",
            f"{len(broken)} of {sum(expected.values())} images cannot be read and are left out: {named}{more}",
            skipped=len(broken),
            reasons={str(item.path): item.reason for item in broken[:_NAMED]},
        )


def _once(make: Callable[[], Round]) -> Iterator[Round]:
    yield make()


def _announce(ctx: RunContext, lists: Sequence[ImageList]) -> None:
    """How folders became classes, and which files were not taken for images."""
    named = {number: name for images in lists for number, name in images.class_names.items() if str(number) != name}
    if named and not all(name.isdecimal() for name in named.values()):
        listed = ", ".join(f"{name} = {number}" for number, name in sorted(named.items())[:_NAMED])
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        ctx.notice(
            "labels", f"class folders by class id: {listed}{more}", classes={str(k): v for k, v in named.items()}
        )
    if ignored := sum(images.ignored for images in lists):
        ctx.notice("skipped-images", f"{ignored} files in the image folders are not named as images", ignored=ignored)
