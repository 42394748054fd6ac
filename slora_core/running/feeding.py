"""Rows straight from an extraction into the sums of a round: operators fitted and statistics taken in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from slora_core.compensators import registry
from slora_core.compensators.base import Summing, SummingCompensator, Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.device import DeviceProfile
from slora_core.memory.workspace import Workspace
from slora_core.running.feed_block import Block
from slora_core.running.feed_plan import FedChoice, block_footprint, fed_stages
from slora_core.running.shares import Share
from slora_core.sources.after_rows import AfterRows
from slora_core.sources.file_info import AFTER, BEFORE
from slora_core.sources.finite import BadRows, refuse_bad
from slora_core.statistics.one_pass import ClassSums, open_statistics
from slora_core.statistics.state_writer import StateFileWriter
from slora_core.types import Workload


@dataclass(slots=True)
class RoundFeed:
    """The :class:`~slora_core.features.feed.Feed` of a run of one round, by the option ``choice`` of its plan.

    Once it is finished ``transitions`` are the fitted operators by name, open until :meth:`close`, and ``statistics``
    is the class state of the new classes; None without any.
    """

    ctx: RunContext
    config: RunConfig
    choice: FedChoice
    workload: Workload
    profile: DeviceProfile
    transitions: dict[str, Transition] = field(default_factory=dict)
    statistics: Path | None = None
    _sums: dict[str, Summing[Transition]] = field(default_factory=dict)
    _classes: ClassSums | None = None
    _block: Block | None = None
    _open: dict[str, ExitStack] = field(default_factory=dict)
    _bad: dict[str, BadRows] = field(default_factory=dict)
    _ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def begin(self, new_classes: NDArray[np.int64]) -> None:
        peers = self.ctx.peers
        stages = fed_stages(self.choice.rows, self.workload, self.config, self.profile, Share(peers.rank, peers.size))
        quiet = RunContext(self.ctx.device, cancel=self.ctx.cancel, peers=peers)  # the extraction counts the rows
        for name, option in stages.operators.items():
            compensator: Any = registry.load(name, self.config)
            if not isinstance(compensator, SummingCompensator):
                raise TypeError(f"operator {name!r} is no sum over the pairs")
            self._sums[name] = self._opened(name).enter_context(compensator.summing(quiet, option))
        if stages.statistics is not None:
            self._ids = new_classes
            sums = open_statistics(quiet, new_classes, stages.statistics)
            self._classes = self._opened("statistics").enter_context(sums)
        footprint = block_footprint(self.choice, self.workload, self.profile)
        space = self._opened("block").enter_context(Workspace(footprint, self.ctx.device))
        before = space["fed_before"] if footprint.holds("fed_before") else None
        self._block = Block(before, space["fed_after"])
        self._bad = {key: BadRows(key) for key in ((BEFORE, AFTER) if before is not None else (AFTER,))}

    def take(self, number: int, row: int, features: NDArray[np.float32]) -> None:
        self._waiting.put(number, features)

    def settle(self, labels: NDArray[np.int64]) -> None:
        block = self._waiting
        block.settle(labels)
        while block.count >= self.choice.rows:
            self._add(self.choice.rows)

    def finish(self, counts: Mapping[int, int]) -> None:
        self._add(self._waiting.count)
        peers = self.ctx.peers
        refuse_bad(
            self._bad.values(), "the pairs" if peers.size == 1 else f"the share of rank {peers.rank} in the pairs"
        )
        self._block = None
        self._open.pop("block").close()
        for name in list(self._sums):
            self.transitions[name] = self._sums.pop(name).finish()
            self._open.pop(name).close()
        if self._classes is not None:
            self._write(self._classes, counts)
            self._classes = None
            self._open.pop("statistics").close()

    def close(self) -> None:
        """Release the fitted operators, and whatever an error has left open. May be called twice."""
        for transition in self.transitions.values():
            transition.close()
        self.transitions.clear()
        self._sums.clear()
        self._classes = self._block = None
        while self._open:
            self._open.popitem()[1].close()

    @property
    def _waiting(self) -> Block:
        if self._block is None:
            raise RuntimeError("rows come before the feed has begun, or after it is finished")
        return self._block

    def _opened(self, name: str) -> ExitStack:
        return self._open.setdefault(name, ExitStack())

    def _add(self, rows: int) -> None:
        """The first ``rows`` that wait, to every sum."""
        block = self._waiting
        if not rows:
            return
        piece = block.first(rows)
        for key, tensor in ((BEFORE, piece.before), (AFTER, piece.after)):
            if tensor is not None:
                with np.errstate(over="ignore", invalid="ignore"):
                    self._bad[key].look(tensor, np.sum(tensor.numpy(), axis=1), block.gone)
        for sums in self._sums.values():
            sums.add(piece)
        if self._classes is not None:
            self._classes.add(AfterRows(piece))
        block.drop(rows)

    def _write(self, sums: ClassSums, counts: Mapping[int, int]) -> None:
        """The new classes' statistics into a file that all ranks read."""
        path = self.ctx.shared / "fed-classes.safetensors"
        rows = np.array([counts.get(int(class_id), 0) for class_id in self._ids], np.int64)
        with ExitStack() as stack:
            if self.ctx.peers.rank == 0:
                file = StateFileWriter(path, self._ids, rows, self.workload.dim, metadata={})
                sums.write(stack.enter_context(file).writer())
                file.commit(durable=False)
            else:
                sums.write(_Nowhere())
        self.ctx.peers.wait()
        self.statistics = path


class _Nowhere:
    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        raise RuntimeError("rank 0 alone writes statistics")
