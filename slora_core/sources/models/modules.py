"""Two modules of the caller and a data loader as a source; the modules are left exactly as they were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.features.cache.smart import SmartFeatureCache
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.extraction import Extractor
from slora_core.features.feed import Feed
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import ExtractionWork, extraction_options
from slora_core.features.precision import probe_precision
from slora_core.features.probe import SMALL
from slora_core.features.store import StoredPairs, StoredRows
from slora_core.memory.plan import StageRequest
from slora_core.memory.pool import release_library_workspaces, unused_of_pool
from slora_core.peers import ALONE, Peers
from slora_core.sources.models.loader_inputs import LoaderInputs, repeated
from slora_core.sources.models.loader_reading import LoaderReader
from slora_core.sources.opened import OpenSource
from slora_core.sources.probed import PlannedForward, Probed
from slora_core.sources.rounds import FedRows, LabelledRows, Round
from slora_core.statistics.base import StateReader
from slora_core.types import Workload

_SMALL_ON_CPU = (2, 6)
_TO_THE_END = 10**6


@dataclass(frozen=True, slots=True)
class Loaders:
    """``current`` yields labelled rows of the task, ``auxiliary`` rows without classes, ``evaluation`` labelled ones.

    ``fit_on_current`` False leaves the rows of the task out of the pairs; their classes get their statistics. ``anew``
    says that a class which is known already gets those of the task's rows too.
    """

    current: Iterable[Any]
    auxiliary: Iterable[Any] | None = None
    evaluation: Iterable[Any] | None = None
    auxiliary_rows: int | None = None
    fit_on_current: bool = True
    anew: bool = False


class ModulePairSource:
    """One round, of task ``task``: pairs from ``before`` and ``after``; without ``before`` a first task.

    ``states`` are the old classes by operator (``""``: of every operator). Features of auxiliary rows are looked up in
    ``cache``. How many rows come, and of which classes, is only known when they have come: the run is planned again
    then. Pairs that flow into sums are not stored; rows of new classes are, as the memory of their statistics could not
    be promised before their number is known.
    """

    def __init__(
        self,
        config: RunConfig,
        before: nn.Module | None,
        after: nn.Module,
        loaders: Loaders,
        states: Mapping[str, StateReader],
        *,
        cache: SmartFeatureCache | None = None,
        task: int = 1,
    ) -> None:
        if before is after:
            raise InputError(
                "the models before and after the task are one object; expected two",
                "keep a copy of the model before training: copy.deepcopy(model)",
            )
        self._config = config
        self._models = [after] if before is None else [before, after]
        self._states = dict(states)
        self._cache = cache if config.measures.feature_cache else None
        self._task = task
        self._loaders = loaders
        self._current = LoaderInputs(loaders.current, "the data loader", labelled=True)
        self._auxiliary = self._evaluation = None
        if loaders.auxiliary is not None and before is not None:
            self._auxiliary = LoaderInputs(
                loaders.auxiliary, "the auxiliary loader", labelled=False, limit=loaders.auxiliary_rows, cached=True
            )
        if loaders.evaluation is not None:
            self._evaluation = LoaderInputs(loaders.evaluation, "the evaluation loader", labelled=True)
        if before is not None and not loaders.fit_on_current and self._auxiliary is None:
            raise InputError("pairs are to come from auxiliary rows alone, but there is no auxiliary loader")
        self._dim = 0
        self._first: Tensor | None = None
        self._task_ids = np.empty(0, np.int64)

    def workloads(self) -> tuple[Workload, ...]:
        """As far as the loaders tell. Runs one row through each model to learn d. Raises InputError."""
        self._first = self._current.peek()
        self._dim = self._measured_dim(self._first[:1])
        for state in self._states.values():
            if state.dim != self._dim:
                raise InputError(
                    f"the models' features have d = {self._dim} but the class state has d = {state.dim};"
                    " expected the same"
                )
        pairs = 0
        if len(self._models) == 2:
            pairs = max(2, sum(part.count or 0 for part in self._fitted))
        evaluated = max(1, self._evaluation.count or 0) if self._evaluation is not None else 0
        return (Workload(pairs, self._dim, self._classes, 1, evaluated, late=True),)

    def probe(self, device: torch.device, peers: Peers = ALONE) -> Probed:
        """Measure two small batches beside the modules."""
        if self._first is None:
            raise RuntimeError("the source is probed before it was asked for its sizes")
        counts = _SMALL_ON_CPU if device.type == "cpu" else SMALL
        with ExitStack() as placing:
            with unused_of_pool(device) as grown:
                moved_bytes = placing.enter_context(placed(self._models, device))
            precision, cost, measured = probe_precision(
                [ModuleEncoder(model) for model in self._models],
                repeated(self._first, counts[1]),
                device,
                self._config,
                counts=counts,
                longest=self._longest,
                held_bytes=moved_bytes + grown.bytes,
                peers=peers,
            )
        rows = sum(part.count or 0 for part in (self._current, self._auxiliary) if part is not None)
        work = ExtractionWork(
            rows=rows or 2**16,
            evaluation_rows=(self._evaluation.count or 0) if self._evaluation is not None else 0,
            passes=len(self._models),
            dim=self._dim,
            held_bytes=moved_bytes,
            held_pool_bytes=grown.bytes,
            cache_bytes=self._cache.unallocated_bytes(self._dim, device) if self._cache is not None else 0,
            looks_up=self._cache is not None,
        )
        request = StageRequest(
            "extract", extraction_options(cost, work, self._config, precision), keeps_for=_TO_THE_END
        )
        return Probed({1: [request]}, precision=measured)

    @contextmanager
    def open(
        self, ctx: RunContext, planned: Callable[[int], PlannedForward], feed: Feed | None = None
    ) -> Iterator[OpenSource]:
        with ExitStack() as files:
            yield OpenSource(1, iter(_Once(lambda: self._round(ctx, planned(1), files, feed))), self._states)

    def close(self) -> None:
        self._first = None

    def _measured_dim(self, row: Tensor) -> int:
        extractor = Extractor(RunContext(torch.device("cpu")), 1)
        for model in self._models:
            device = next((tensor.device for tensor in model.parameters()), torch.device("cpu"))
            extractor.ctx = RunContext(device)
            extractor.extract([ModuleEncoder(model)], [ArrayInputs(row)], _nowhere)
        return extractor.dim or 0

    def _round(self, ctx: RunContext, planned: PlannedForward, files: ExitStack, feed: Feed | None) -> Round:
        parts = [self._current, *(part for part in (self._auxiliary, self._evaluation) if part is not None)]
        known = [part.count for part in parts]
        total = sum(count for count in known if count is not None) if None not in known else 0
        pairs: StoredPairs | None = None
        fed: FedRows | None = None
        labelled: LabelledRows | None = None
        with ctx.stage("extract", total=total, unit="inputs"):
            with placed(self._models, ctx.device):
                encoders = [ModuleEncoder(model) for model in self._models]
                extractor = Extractor(
                    ctx,
                    planned.batch,
                    progressive_release=self._config.measures.progressive_release,
                    precision=planned.precision,
                    cache=self._cache,
                )
                reader = LoaderReader(ctx, extractor, files)
                if feed is not None:
                    fed, labelled = reader.feed(feed, self._moved_ids, encoders, self._fitted)
                elif len(encoders) == 2:
                    pairs = reader.pairs("pairs", encoders, self._fitted)
                    labelled = pairs.labelled
                if self._current not in self._fitted:
                    labelled = rows = reader.rows("current", encoders[-1:], self._current)
                    if fed is not None:
                        fed = replace(fed, counts=Counter(rows.read_labels(0, rows.count).tolist()))
                tested = reader.rows("evaluation", encoders[-1:], self._evaluation) if self._evaluation else None
                if self._cache is not None:
                    self._cache.flush()
            if feed is not None and fed is not None:
                feed.finish(fed.counts)
        release_library_workspaces(ctx.device)
        count = fed.pairs if fed is not None else pairs.count if pairs is not None else 0
        sizes = self._sizes(count, labelled, tested)
        return Round(self._task, self._task, pairs, labelled, tested, sizes, fed, self._loaders.anew)

    @property
    def task_ids(self) -> NDArray[np.int64]:
        """The classes [K], ascending, that get the statistics of the task's rows; none before these have come."""
        return self._task_ids

    @property
    def _fitted(self) -> list[LoaderInputs]:
        """What the pairs come from."""
        if len(self._models) == 1:
            return []
        parts = [self._current if self._loaders.fit_on_current else None, self._auxiliary]
        return [part for part in parts if part is not None]

    @property
    def _longest(self) -> int:
        """Rows of the loader that has most; 0 where one does not tell."""
        counts = [part.count for part in (self._current, self._auxiliary, self._evaluation) if part is not None]
        known = [count for count in counts if count is not None]
        return max(known) if len(known) == len(counts) else 0

    @property
    def _moved_ids(self) -> NDArray[np.int64]:
        """The classes that keep their statistics, moved, whatever rows come."""
        if self._loaders.anew:
            return np.empty(0, np.int64)
        return np.concatenate([np.empty(0, np.int64), *(state.class_ids for state in self._states.values())])

    def _sizes(self, pairs: int, labelled: LabelledRows | None, tested: StoredRows | None) -> Workload:
        labels = labelled.read_labels(0, labelled.count) if labelled is not None else np.empty(0, np.int64)
        new = labels[(labels >= 0) & ~np.isin(labels, self._moved_ids)]
        self._task_ids = np.unique(new)
        return Workload(
            pairs=pairs,
            dim=self._dim,
            classes=self._classes,
            new_classes=len(self._task_ids),
            evaluation_rows=tested.count if tested is not None else 0,
            labelled_rows=len(new),
            late=True,
        )

    @property
    def _classes(self) -> int:
        """Those that are moved: a class known to be one of the task's is not among them."""
        moved = (np.setdiff1d(state.class_ids, self._task_ids) for state in self._states.values())
        return max(map(len, moved), default=0)


class _Once:
    """One round, made when it is asked for."""

    def __init__(self, make: Callable[[], Round]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Round]:
        yield self._make()


@contextmanager
def placed(models: Sequence[nn.Module], device: torch.device) -> Iterator[int]:
    """The modules' tensors on ``device`` inside, the very same tensors as before afterwards; yields the bytes moved."""
    found = []
    moved_bytes = 0
    try:
        for model in models:
            for tensor in (*model.parameters(), *model.buffers()):
                if tensor.device != device:
                    found.append((tensor, tensor.data))
                    tensor.data = tensor.data.to(device)
                    moved_bytes += tensor.nbytes
        yield moved_bytes
    finally:
        for tensor, data in found:
            tensor.data = data


def _nowhere(_: int, __: int, ___: Any) -> None:
    return
