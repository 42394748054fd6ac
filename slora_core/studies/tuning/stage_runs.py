"""Times one stage of a job with one option, on stand-in data of the job's sizes and on as little of it as will tell.

A stage's time is a line in its units (rows, steps, batches of classes): it is measured at two sizes and drawn out to
the whole. Values do not matter to time, so random features stand in for the job's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.compensators import registry
from slora_core.compensators.base import Transition
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import Option
from slora_core.numerics.noise import GivenNoise
from slora_core.running.measured import plain_stage
from slora_core.sources.arrays import ArrayPairs
from slora_core.sources.finite import check_finite
from slora_core.statistics.state import ClassState
from slora_core.studies.tuning.candidates import MOST_CLASSES
from slora_core.types import Workload

TARGET_S: Final = 0.6
"""How long the larger of a trial's two sizes should take: long enough to tell options apart on a busy machine."""
MOST_PAIR_BYTES: Final = 2 * 1024**3
FIT_STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of the whole stage, and whether all of it was run (else it was drawn out from a part)."""

    seconds: float
    whole: bool


def estimate(run: Callable[[int], float], least: int, total: int, checkpoint: Callable[[], None]) -> Estimate:
    """Seconds of ``total`` units from ``run(units) -> seconds`` at two sizes, the smaller ``least``."""
    least = min(least, total)
    run(least)  # loads libraries, fills caches
    small_s = _best(run, least, checkpoint)
    if least == total:
        return Estimate(small_s, True)
    wished = int(least * TARGET_S / max(small_s, 1e-6))
    units = min(total, max(2 * least, wished // least * least))
    large_s = _best(run, units, checkpoint)
    if units == total:
        return Estimate(large_s, True)
    unit_s = max(0.0, large_s - small_s) / (units - least)
    return Estimate(max(large_s, large_s + unit_s * (total - units)), False)


def _best(run: Callable[[int], float], units: int, checkpoint: Callable[[], None]) -> float:
    """The faster of two runs; of one alone when that is long."""
    checkpoint()
    first = run(units)
    checkpoint()
    return first if first > TARGET_S else min(first, run(units))


@dataclass(slots=True)
class StageRuns:
    """Stand-ins for a job. A context manager: fitted operators are closed at its end."""

    ctx: RunContext
    config: RunConfig
    profile: DeviceProfile
    workload: Workload
    _open: ExitStack = field(default_factory=ExitStack)
    _rows: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    _state: ClassState | None = None
    _fitted: dict[str, Transition] = field(default_factory=dict)
    _draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __enter__(self) -> StageRuns:
        return self

    def __exit__(self, *_: object) -> None:
        self._fitted.clear()
        self._open.close()

    def measure(self, stage: str, option: Option) -> Estimate:
        """The whole stage with ``option``. Raises BudgetExceeded and torch.OutOfMemoryError."""
        name, _, part = plain_stage(stage).partition(".")
        if name == "scan":
            return self._scaled(partial(self._scan, option), min(self._count, 4 * option.choice.rows))
        if name == "extract":
            return self._extraction(option)
        if part == "move":
            batch = int(getattr(option.choice, "classes", getattr(option.choice, "batch", 1)))
            batches = -(-self.workload.classes // batch)
            return estimate(partial(self._move, name, option), 1, batches, self.ctx.checkpoint)
        if name == "weaknonlinear":
            steps = self.config.operators.weaknonlinear.steps
            least = max(FIT_STEPS, option.choice.block_steps)
            return estimate(partial(self._train, option), least, steps, self.ctx.checkpoint)
        return self._scaled(partial(self._fit, name, option), option.choice.rows)

    @property
    def pairs(self) -> ArrayPairs:
        return self._first(self._count)

    @property
    def _count(self) -> int:
        return max(2, min(self.workload.pairs, MOST_PAIR_BYTES // (8 * self.workload.dim)))

    def _first(self, rows: int) -> ArrayPairs:
        if self._rows is None:
            before = self._normal(self._count, self.workload.dim)
            self._rows = before, before + np.float32(0.1) * self._normal(self._count, self.workload.dim)
        before, after = self._rows
        return ArrayPairs(before[:rows], after[:rows])

    def _scaled(self, run: Callable[[int], float], least: int) -> Estimate:
        """Stages whose unit is a row of the pairs; stand-ins may be fewer than the job's."""
        found = estimate(run, least, self._count, self.ctx.checkpoint)
        share = self.workload.pairs / self._count
        return Estimate(found.seconds * share, found.whole and share == 1.0)

    def _scan(self, option: Option, rows: int) -> float:
        pairs = self._first(rows)
        return self._timed(lambda: check_finite(self.ctx, pairs, option, "the stand-in pairs"))

    def _fit(self, name: str, option: Option, rows: int) -> float:
        pairs, compensator = self._first(rows), registry.load(name, self.config)
        return self._timed(lambda: compensator.fit(self.ctx, pairs, option).close())

    def _train(self, option: Option, steps: int) -> float:
        compensator = registry.load("weaknonlinear", self._with_steps(steps))
        return self._timed(lambda: compensator.fit(self.ctx, self.pairs, option).close())

    def _move(self, name: str, option: Option, batches: int) -> float:
        transition, state = self._transition(name), self._classes()
        samples = registry.samples_of(name, self.config)
        noise = GivenNoise(self._normal(samples, self.workload.dim)) if samples else None
        with (self.ctx.scratch / "trial-classes.bin").open("w+b") as file:
            out = _Classes(file)

            def move() -> None:
                with transition.mover(self.ctx, option, noise) as mover:
                    groups = [_group(number, mover.batch_classes, state) for number in range(batches)]
                    mover.expect(groups[0], state)
                    for group, following in zip(groups, [*groups[1:], []], strict=True):
                        mover.expect(following, state)
                        mover.move(group, state, out)
                        self.ctx.checkpoint()

            return self._timed(move)

    def _extraction(self, option: Option) -> Estimate:
        """The demo's images through its model, an image being a unit; a task's pairs pass two models, others one."""
        from slora_core.features.encoders import ModuleEncoder
        from slora_core.features.extraction import Extractor
        from slora_core.features.inputs import ArrayInputs
        from slora_core.sources.demo.doodles import draw_doodles
        from slora_core.sources.demo.model import DigitTransformer

        batch = int(option.choice.batch)
        encoder = ModuleEncoder(DigitTransformer(torch.Generator().manual_seed(0)).to(self.ctx.device))
        images = draw_doodles(0, max(4 * batch, 256))
        extractor = Extractor(
            self.ctx,
            batch,
            progressive_release=self.config.measures.progressive_release,
            precision=option.choice.precision,
        )

        def run(count: int) -> float:
            inputs = ArrayInputs(images[:count])
            return self._timed(lambda: extractor.extract([encoder], [inputs], lambda *_: None))

        passed = 2 * self.workload.pairs or self.workload.labelled_rows
        found = estimate(run, batch, len(images), self.ctx.checkpoint)
        return Estimate(found.seconds * (passed + self.workload.evaluation_rows) / len(images), False)

    def _transition(self, name: str) -> Transition:
        """Fitted once on few rows and in few steps: how well does not matter to the time of a move."""
        if name not in self._fitted:
            pairs = self.pairs if name == "attention" else self._first(min(self._count, 4096))
            config = self._with_steps(2)
            workload = Workload(pairs.count, self.workload.dim, self.workload.classes)
            options = registry.fit_options(name, workload, config, self.profile)
            option = min(options, key=lambda found: found.footprint.peak_bytes())
            fitted = registry.load(name, config).fit(self.ctx, pairs, option)
            self._open.callback(fitted.close)
            self._fitted[name] = fitted
        return self._fitted[name]

    def _classes(self) -> ClassState:
        if self._state is None:
            count, dim = min(MOST_CLASSES, self.workload.classes), self.workload.dim
            ids = np.arange(count)
            identity = np.broadcast_to(np.eye(dim, dtype=np.float32), (count, dim, dim))
            self._state = ClassState.from_arrays(ids, ids + 2, self._normal(count, dim), identity)
        return self._state

    def _with_steps(self, steps: int) -> RunConfig:
        return self.config.merged({"operators": {"weaknonlinear": {"steps": steps}}})

    def _timed(self, work: Callable[[], object]) -> float:
        self._synchronise()
        started = time.perf_counter()
        work()
        self._synchronise()
        return time.perf_counter() - started

    def _synchronise(self) -> None:
        if self.ctx.device.type == "cuda":
            torch.cuda.synchronize(self.ctx.device)

    def _normal(self, *shape: int) -> NDArray[np.float32]:
        return self._draw.standard_normal(shape, dtype=np.float32)


class _Classes:
    """Writes moved classes to one place of a scratch file, again and again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, index: int, mean: Tensor, covariance: Tensor) -> None:
        self._file.seek(0)
        self._file.write(covariance.detach().cpu().numpy().tobytes())
        self._file.write(mean.detach().cpu().numpy().tobytes())


def _group(number: int, size: int, state: ClassState) -> list[int]:
    classes = len(state.class_ids)
    return [(number * size + offset) % classes for offset in range(min(size, classes))]
