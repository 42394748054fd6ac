"""Mean and covariance of every class of labelled rows, in one pass over the rows for each group of classes.

Sums are centred and float64 (:mod:`slora_core.numerics.moments`); ddof = 1, and 1e-4 I for a class with one row. Within
a class rows arrive in the order of the file whatever the chunk, so that no option changes a bit of the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.moments import MomentAccumulator
from slora_core.numerics.staging import Staging
from slora_core.peers import Peers
from slora_core.sources.rounds import LabelledRows
from slora_core.statistics.base import StateWriter
from slora_core.statistics.labels import LabelCensus, read_blocks

ONE_SAMPLE_VARIANCE: Final = 1e-4
_MOMENTS: Final = ("moment_block", "moment_mean", "moment_delta", "moment_m2")


def collect_statistics(
    ctx: RunContext,
    rows: LabelledRows,
    census: LabelCensus,
    option: Option,
    out: StateWriter,
    *,
    share: tuple[int, int] | None = None,
) -> None:
    """Write mean and covariance of class number i of ``census`` to ``out`` as number i.

    ``option`` is one of :func:`~slora_core.statistics.plan.statistics_options`. Advances the open stage by one a
    labelled row. Classes that ``census`` does not name are left out. Of several ranks each looks at the rows of its
    ``share`` (start, stop); rank 0 puts them together and writes. Raises InputError that names a class with NaN or Inf
    in its features.
    """
    start, stop = share or (0, rows.count)
    with Workspace(option.footprint, ctx.device) as workspace:
        collector = _Collector(ctx, option, workspace)
        for index, moments in collector.classes(rows, census, start, stop):
            _put_together(ctx.peers, moments)
            if ctx.peers.rank == 0:
                collector.write(out, index, moments, census.class_ids[index])


def _put_together(peers: Peers, moments: MomentAccumulator) -> None:
    """The moments of all ranks on rank 0, merged in the order of ranks."""
    if peers.size == 1:
        return
    count, mean, m2 = moments.moments()
    counts = peers.gather(count)
    block = peers.tell(moments.block_rows)
    if peers.rank == 0:
        for rank in range(1, peers.size):
            if counts[rank]:
                moments.absorb(counts[rank], partial(peers.receive, rank))
    elif count:
        peers.send(mean[0])
        for start in range(0, len(m2[0]), block):
            peers.send(m2[0, start : start + block])


@contextmanager
def open_statistics(ctx: RunContext, class_ids: NDArray[np.int64], option: Option) -> Iterator[ClassSums]:
    """Sums of the classes ``class_ids`` (ascending), for rows that come once and are not kept.

    ``option`` is one of :func:`~slora_core.statistics.plan.statistics_options` that takes all classes in one pass.
    """
    if len(class_ids) > option.choice.classes:
        raise ValueError(f"{len(class_ids)} classes for sums of {option.choice.classes}")
    with Workspace(option.footprint, ctx.device) as workspace:
        yield ClassSums(ctx, class_ids, _Collector(ctx, option, workspace))


class ClassSums:
    """Moments of all classes at once, while their rows come."""

    def __init__(self, ctx: RunContext, class_ids: NDArray[np.int64], collector: _Collector) -> None:
        self._ctx = ctx
        self._ids = class_ids
        self._collector = collector

    def add(self, rows: LabelledRows) -> None:
        """More rows; those of other classes are left out. Advances by the others."""
        for start, labels in read_blocks(rows, 0, rows.count):
            self._collector.add_block(rows, self._ids, start, labels)

    def write(self, out: StateWriter) -> None:
        """Statistics of class number i as number i of ``out``, of the rows of all ranks; rank 0 writes."""
        for index in range(len(self._ids)):
            moments = self._collector.moments(index)
            _put_together(self._ctx.peers, moments)
            if self._ctx.peers.rank == 0:
                self._collector.write(out, index, moments, self._ids[index])


class _Collector:
    """One accumulator a class of the pass, over its slice of the planned buffers."""

    def __init__(self, ctx: RunContext, option: Option, workspace: Workspace) -> None:
        self._ctx = ctx
        self._chunk = option.choice.rows
        self._rows = workspace["class_rows"]
        self._sorted = workspace["class_sorted"]
        self._order = workspace["class_order"]
        self._mean = workspace["class_mean"]
        self._covariance = workspace["class_covariance"]
        self._staging = Staging(workspace)
        self._accumulators = [
            MomentAccumulator({name: workspace[name][number : number + 1] for name in _MOMENTS}, 1)
            for number in range(option.choice.classes)
        ]

    def classes(
        self, rows: LabelledRows, census: LabelCensus, start: int, stop: int
    ) -> Iterator[tuple[int, MomentAccumulator]]:
        """Class number and its accumulator, valid until the next pass begins."""
        if not len(census.class_ids):
            raise InputError(f"none of the {rows.count} rows has a class; expected labels of 0 or more")
        size = len(self._accumulators)
        for first in range(0, len(census.class_ids), size):
            group = census.class_ids[first : first + size]
            for accumulator in self._accumulators:
                accumulator.reset()
            for block_start, labels in read_blocks(rows, start, stop):
                self.add_block(rows, group, block_start, labels)
            for number in range(len(group)):
                yield first + number, self._accumulators[number]

    def moments(self, number: int) -> MomentAccumulator:
        """Of class ``number`` of the pass."""
        return self._accumulators[number]

    def write(self, out: StateWriter, index: int, moments: MomentAccumulator, class_id: int) -> None:
        """Raises InputError for a class with NaN or Inf in its rows: its mean is not finite then."""
        if moments.count == 1:
            self._mean.copy_(moments.moments()[1])
            self._covariance.zero_()
            self._covariance[0].diagonal().fill_(ONE_SAMPLE_VARIANCE)
        else:
            moments.finish(self._mean, self._covariance)
        mean = self._staging.download(self._mean[0])
        if not np.isfinite(mean.numpy()).all():
            raise InputError(
                f"the features of class {class_id} hold NaN or Inf; expected finite numbers",
                "remove these rows, or extract them again",
            )
        out.write(index, mean, self._staging.download(self._covariance[0]))

    def add_block(self, rows: LabelledRows, group: NDArray[np.int64], start: int, labels: NDArray[np.int64]) -> None:
        """Rows ``start:start + len(labels)`` as far as they belong to ``group``, a chunk at a time."""
        self._ctx.checkpoint()
        numbers = np.minimum(np.searchsorted(group, labels), len(group) - 1)
        belongs = group[numbers] == labels
        for first in range(0, len(labels), self._chunk):
            members = first + np.flatnonzero(belongs[first : first + self._chunk])
            if len(members):
                self._add_chunk(rows, start, members, numbers[members])
                self._ctx.advance(len(members))

    def _add_chunk(
        self, rows: LabelledRows, start: int, members: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> None:
        """Rows ``start + members``, of the classes ``numbers`` of the pass, class after class."""
        low, high = int(members[0]), int(members[-1]) + 1
        read = self._rows[: high - low]
        self._staging.upload(read, lambda host: rows.read(start + low, start + high, host))
        by_class = np.argsort(numbers, kind="stable")
        ordered = self._sort(read, members[by_class] - low)
        numbers = numbers[by_class]
        borders = np.flatnonzero(np.diff(numbers)) + 1
        for first, last in pairwise([0, *borders.tolist(), len(numbers)]):
            self._accumulators[numbers[first]].add(ordered[first:last].unsqueeze(0))

    def _sort(self, read: Tensor, order: NDArray[np.int64]) -> Tensor:
        index = self._order[: len(order)]
        index.copy_(torch.from_numpy(order))
        ordered = self._sorted[: len(order)]
        torch.index_select(read, 0, index, out=ordered)
        return ordered
