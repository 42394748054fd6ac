"""Loaders to features: in scratch files, or as pairs into sums with the rows of new classes alone in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.extraction import Extractor
from slora_core.features.feed import Feed
from slora_core.features.store import FeatureFiles, StoredPairs, StoredRows
from slora_core.sources.models.loader_inputs import LoaderInputs
from slora_core.sources.rounds import FedRows
from slora_core.wording import counted


class LoaderReader:
    """Extracts loaders; the files that it makes stay open with ``files``."""

    def __init__(self, ctx: RunContext, extractor: Extractor, files: ExitStack) -> None:
        self._ctx = ctx
        self._extractor = extractor
        self._files = files

    def pairs(self, name: str, encoders: Sequence[ModuleEncoder], inputs: Sequence[LoaderInputs]) -> StoredPairs:
        """Raises InputError for fewer than two."""
        with FeatureFiles(self._ctx.scratch, name, 2) as files:
            labels = self._extractor.extract(encoders, inputs, files.append)
            _check_count(len(labels))
            return self._files.enter_context(files.finish(labels).as_pairs())

    def rows(self, name: str, encoders: Sequence[ModuleEncoder], inputs: LoaderInputs) -> StoredRows:
        with FeatureFiles(self._ctx.scratch, name, 1) as files:
            labels = self._extractor.extract(encoders, [inputs], files.append)
            return self._files.enter_context(files.finish(labels).as_rows())

    def feed(
        self,
        feed: Feed,
        known: NDArray[np.int64],
        encoders: Sequence[ModuleEncoder],
        inputs: Sequence[LoaderInputs],
    ) -> tuple[FedRows, StoredRows | None]:
        """Pairs into ``feed``, which is left to be finished; rows after the task of classes that are not ``known``.

        These are None where there are none. Raises InputError as :meth:`pairs` does.
        """
        feed.begin(np.empty(0, np.int64))
        with FeatureFiles(self._ctx.scratch, "labelled", 1) as files:
            new = _NewRows(feed, known, files)
            labels = self._extractor.extract(encoders, inputs, new.take, new.settle)
            _check_count(len(labels))
            fed = FedRows(self._extractor.dim or 0, len(labels), Counter(labels.tolist()))
            if not new.labels:
                return fed, None
            return fed, self._files.enter_context(files.finish(np.concatenate(new.labels)).as_rows())


class _NewRows:
    """Passes rows on to ``feed`` and writes those after the task whose class is new to ``files``.

    How many classes will come is not known beforehand, hence neither what their sums would take.
    """

    def __init__(self, feed: Feed, known: NDArray[np.int64], files: FeatureFiles) -> None:
        self._feed = feed
        self._known = known
        self._files = files
        self._after: NDArray[np.float32] | None = None
        self.labels: list[NDArray[np.int64]] = []

    def take(self, number: int, row: int, features: NDArray[np.float32]) -> None:
        self._feed.take(number, row, features)
        if number == 1:
            self._after = features.copy()

    def settle(self, labels: NDArray[np.int64]) -> None:
        self._feed.settle(labels)
        wanted = (labels >= 0) & ~np.isin(labels, self._known)
        if self._after is not None and wanted.any():
            self._files.append(0, sum(map(len, self.labels)), self._after[wanted])
            self.labels.append(labels[wanted])


def _check_count(rows: int) -> None:
    if rows < 2:
        raise InputError(f"the loaders yielded {counted(rows, 'row')}; expected at least two pairs")
