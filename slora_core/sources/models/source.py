"""A model pair as a source: one transformer, its adapters before and after the task, images in folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.cache.opening import disk_cache
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.feed import Feed
from slora_core.features.plan import extraction_options
from slora_core.features.precision import probe_precision
from slora_core.features.probe import SMALL
from slora_core.features.store import StoredPairs, StoredRows
from slora_core.memory.plan import StageRequest
from slora_core.memory.pool import release_library_workspaces, unused_of_pool
from slora_core.peers import ALONE, Peers
from slora_core.sources.models.backbone import AdaptedBackbone
from slora_core.sources.models.estimate import extraction_work
from slora_core.sources.models.images import ImageInputs, own_preprocessing
from slora_core.sources.models.reading import ImageReader, announce_images, check_same_files, own_part
from slora_core.sources.models.sizes import ModelInputs, model_inputs
from slora_core.sources.opened import OpenSource
from slora_core.sources.probed import PlannedForward, Probed
from slora_core.sources.rounds import FedRows, Round
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import variants_of
from slora_core.types import Workload

SMALL_ON_CPU = (2, 6)
"""Inputs of the probe on a CPU, where a large transformer takes a second for three of them."""
SEED_BATCH = 16


class ModelPairSource:
    """One round: features of the images before and after, from one pass over them; then the model is released.

    ``probe`` loads the model; :meth:`open` extracts with it. Of several ranks each extracts its share of the images,
    and all read the features of all.
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

    def probe(self, device: torch.device, peers: Peers = ALONE) -> Probed:
        """Measure two small batches, and plan the extraction from them."""
        inputs = self._inputs
        self._backbone = AdaptedBackbone(inputs.base, {"before": inputs.adapter_before, "after": inputs.adapter_after})
        on_cpu = device.type == "cpu"
        with unused_of_pool(device) as grown:
            if not on_cpu:
                self._backbone.take_over(device)
        work = extraction_work(self._config, inputs, self._backbone.size_bytes, device.type, peers.rank, peers.size)
        work = replace(work, held_pool_bytes=grown.bytes)
        counts = SMALL_ON_CPU if on_cpu else SMALL
        precision, cost, measured = probe_precision(
            self._encoders(self._backbone),
            self._sample(counts[1]),
            device,
            self._config,
            counts=counts,
            longest=work.longest,
            held_bytes=work.held_bytes + work.held_pool_bytes,
            peers=peers,
        )
        self._backbone.give_back()
        return Probed(
            {1: [StageRequest("extract", extraction_options(cost, work, self._config, precision))]}, precision=measured
        )

    @contextmanager
    def open(
        self, ctx: RunContext, planned: Callable[[int], PlannedForward], feed: Feed | None = None
    ) -> Iterator[OpenSource]:
        with ExitStack() as stack:
            states = {}
            if (path := self._config.source.state) is not None:
                states = {name: stack.enter_context(open_state(path, name)) for name in variants_of(path)}
            yield OpenSource(1, _once(lambda: self._round(ctx, planned(1), stack, feed)), states)

    def close(self) -> None:
        """Also drops the files' sizes: a later run looks again."""
        self._backbone = self._read = None

    def _encoders(self, backbone: AdaptedBackbone) -> list[Encoder]:
        names = ("before", "after") if self._inputs.workload.pairs else ("after",)
        return [backbone.encoder(name) for name in names]

    def _sample(self, count: int) -> NDArray[np.float32]:
        """Inputs for the probe: noise, or images of the task where it matters what they show."""
        shape = self._inputs.base.image_shape
        sample = np.random.default_rng(0).standard_normal((count, *shape), np.float32)
        if self._config.precision == "auto":
            images = self._inputs.images.spread(count)
            part = ImageInputs(images, own_preprocessing(self._inputs.base), shape, self._config.extraction.workers)
            for batch in part.batches(count, digests=False):
                sample[: len(batch)] = batch.values.numpy()
        return sample

    def _round(self, ctx: RunContext, planned: PlannedForward, files: ExitStack, feed: Feed | None) -> Round:
        inputs, config = self._inputs, self._config
        lists = [part for part in (inputs.images, inputs.auxiliary) if part is not None]
        evaluation = inputs.evaluation
        every = [*lists, *([evaluation] if evaluation is not None else [])]
        total = sum(len(own_part(images, ctx.peers)) for images in every)
        announce_images(ctx, every)
        with ctx.stage("extract", total=total, unit="images"):
            backbone, self._backbone = self._backbone, None
            if backbone is None:
                raise RuntimeError("the source was opened before it was probed, or twice")
            backbone.take_over(ctx.device)
            encoders = self._encoders(backbone)
            check_same_files(ctx.peers, inputs, encoders)
            seed_engine = config.run.engine == "baseline"
            extractor = Extractor(
                ctx,
                SEED_BATCH if seed_engine else planned.batch,
                progressive_release=config.measures.progressive_release and not seed_engine,
                precision=planned.precision,
                cache=None if seed_engine else disk_cache(config, ctx.device),
            )
            reader = ImageReader(ctx, config, inputs, extractor, files)
            stored: StoredPairs | StoredRows | FedRows
            if feed is None:
                stored = reader.read("images", encoders, lists)
            else:
                stored = reader.feed(feed, self._new_ids(), encoders, lists)
            tested = reader.read("evaluation", encoders[-1:], [evaluation]) if evaluation else None
            reader.finish()
            del encoders, backbone, reader, extractor
            if feed is not None and isinstance(stored, FedRows):
                feed.finish(stored.counts)
        release_library_workspaces(ctx.device)
        if isinstance(stored, FedRows):
            return Round(1, 1, None, evaluation=tested if isinstance(tested, StoredRows) else None, fed=stored)
        pairs = stored if isinstance(stored, StoredPairs) else None
        labelled = stored.labelled if isinstance(stored, StoredPairs) else stored
        rows = tested if isinstance(tested, StoredRows) else None
        return Round(1, 1, pairs, labelled, rows, self._sizes(stored, rows))

    def _new_ids(self) -> NDArray[np.int64]:
        """Classes of the images that the state does not have."""
        return np.setdiff1d(np.array(self._inputs.images.labels, np.int64), self._inputs.known_ids)

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


def _once(make: Callable[[], Round]) -> Iterator[Round]:
    yield make()
