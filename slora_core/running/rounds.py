"""One round of a run: check the pairs, take the new classes' statistics, move the old classes, evaluate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import torch

from slora_core.classifiers.plan import evaluation_steps
from slora_core.classifiers.registry import evaluate
from slora_core.compensators import registry
from slora_core.compensators.driver import run_smaller_after_refusal
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.events import TaskFinished
from slora_core.memory.plan import Option
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import Noise, SharedNoise
from slora_core.peers import own_share, share_of
from slora_core.running.agreement import collect_finished, joined_file, merged_jitter, share_finished
from slora_core.running.compensation import Compensation, Move
from slora_core.running.feeding import RoundFeed
from slora_core.running.planning import CHECKED_STATES, JobPlan
from slora_core.running.preparation import held_or_streamed, input_fingerprint, scan
from slora_core.running.seed_engine import move_with_baseline
from slora_core.sources.base import Pairs
from slora_core.sources.rounds import LabelledRows, Round
from slora_core.statistics.base import StateReader
from slora_core.statistics.checks import check_state
from slora_core.statistics.joined import FanOutWriter, JoinedState, RemainingState
from slora_core.statistics.labels import LabelCensus, census_of, count_labels, rows_of
from slora_core.statistics.one_pass import collect_statistics
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_writer import StateFileWriter
from slora_core.types import OPERATORS, UNCOMPENSATED, VARIANT_OF
from slora_core.wording import by_count, counted

Result = TypeVar("Result")
NONE: Final = "none"
"""The uncompensated variant among the operators' names."""


@dataclass(slots=True)
class RoundRunner:
    """Carries the class state of every variant from round to round; of several ranks each does its share.

    ``states`` are the old classes by operator, and under ``none`` those that are never moved; empty before a first
    task. ``unmoved`` says whether the last are known: a class state with one variant an operator does not hold them.
    ``feed`` is where the rows of a streaming run went, with the operators that were fitted on them. ``jitter`` and
    ``accuracies`` are those of the last round.
    """

    ctx: RunContext
    config: RunConfig
    job: JobPlan
    open_files: ExitStack
    states: dict[str, StateReader] = field(default_factory=dict)
    feed: RoundFeed | None = None
    unmoved: bool = True
    jitter: dict[str, dict[str, float]] = field(default_factory=dict)
    accuracies: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self, round_: Round, prefix: str, output: Path | None) -> None:
        """Run one round; the moved state goes to ``output``, or to a scratch file that the next round reads."""
        self.jitter, self.accuracies = {}, {}
        self._check(round_, prefix)
        census = self._new_classes(round_)
        self._check_evaluation_labels(round_.evaluation, census)
        pairs = round_.pairs
        if pairs is not None:
            pairs = held_or_streamed(self.ctx, self.config, self.job, pairs, prefix=prefix)
        target = output or self.ctx.shared / f"state-{round_.task}.safetensors"
        with self._writer(target, census, round_) as file:
            new = self._collect(round_, census, file, prefix)
            if self.states and (pairs is not None or round_.fed is not None):
                self._move(pairs, round_.dim, file, prefix)
            collect_finished(self.ctx.peers, file)
            if self._first:
                with self.ctx.peers.busy():
                    file.commit()
        self.ctx.peers.wait()
        self._advance(target, new)
        if round_.evaluation is not None:
            self._evaluate(round_.evaluation, prefix)
        classes = len(self.states[NONE].class_ids)
        self.ctx.emit(TaskFinished(self.ctx.now(), round_.task, round_.tasks, classes, self.accuracies))

    @property
    def _first(self) -> bool:
        return self.ctx.peers.rank == 0

    @property
    def _operators(self) -> tuple[str, ...]:
        return self.config.operators.names

    def _check(self, round_: Round, prefix: str) -> None:
        """A look at every value that the round reads."""
        if round_.pairs is None and (round_.fed is None or not round_.fed.pairs):
            return
        features, evaluate = self._origin("feature file", "features"), self._origin("evaluation file", "evaluate")
        if self.config.source.kind == "models":
            features = "the features of the pairs"
        if round_.pairs is not None or round_.evaluation is not None:
            scan(self.ctx, self.job, round_.pairs, round_.evaluation, prefix=prefix, origins=(features, evaluate))
        if self.config.source.kind in CHECKED_STATES:
            readers = list(dict.fromkeys(self.states.values()))
            shares = [share_of(len(r.class_ids), self.ctx.peers.rank, self.ctx.peers.size) for r in readers]
            with self.ctx.stage("check", total=sum(stop - start for start, stop in shares), unit="classes"):
                for reader, share in zip(readers, shares, strict=True):
                    option = self.job.option(f"{prefix}check")
                    check_state(self.ctx, reader, option, self._origin("class state", "state"), share)

    def _check_evaluation_labels(self, rows: LabelledRows | None, new: LabelCensus) -> None:
        """Every evaluation row has a class, and one that will be known. Raises InputError."""
        if rows is None:
            return
        origin = self._origin("evaluation file", "evaluate")
        census = count_labels(self.ctx, rows, origin)
        if census.unlabelled:
            raise InputError(
                f"{origin}: {counted(census.unlabelled, 'row has', 'rows have')} no class; expected a label of 0 or"
                " more in each"
            )
        known = new.class_ids if not self.states else np.concatenate([self.states[NONE].class_ids, new.class_ids])
        unknown = census.class_ids[~np.isin(census.class_ids, known)]
        if unknown.size:
            raise InputError(
                f"{origin}: labels hold {', '.join(map(str, unknown[:5]))}; expected classes of the class state or of"
                " the labelled rows"
            )

    def _origin(self, role: str, key: str) -> str:
        path = getattr(self.config.source, key)
        return f"the {role}" if path is None else f"{role} {path!r}"

    def _new_classes(self, round_: Round) -> LabelCensus:
        """The classes of the labelled rows that are not in the state yet; others are left as they are moved.

        Of a round that takes them anew the others leave the state first.
        """
        nothing = np.empty(0, np.int64)
        if round_.fed is not None:
            census = census_of(round_.fed.counts)
        elif round_.labelled is not None:
            census = count_labels(self.ctx, round_.labelled)
        else:
            return LabelCensus(nothing, nothing, 0)
        known = np.isin(census.class_ids, self.states[NONE].class_ids if self.states else nothing)
        if known.any() and round_.anew:
            again = census.class_ids[known]
            self.states = {name: RemainingState(state, again) for name, state in self.states.items()}
            listed = ", ".join(map(str, again[:5]))
            told = by_count(len(again), f"class {listed} comes again; its", f"classes {listed} come again; their")
            self.ctx.notice("labels", f"{told} statistics are taken anew", anew=again.tolist())
            known = np.zeros_like(known)
        elif known.any():
            ids = census.class_ids[known].tolist()
            listed = ", ".join(map(str, ids[:5]))
            told = by_count(len(ids), f"class {listed} is", f"classes {listed} are")
            rest = by_count(len(ids), "it is moved, its rows are", "they are moved, their rows are")
            message = f"{told} in the class state already; {rest} not used for that"
            self.ctx.notice("labels", message, known=ids)
        census = LabelCensus(census.class_ids[~known], census.counts[~known], census.unlabelled)
        if census.one_sample_ids:
            listed = ", ".join(map(str, census.one_sample_ids))
            some = len(census.one_sample_ids)
            told = by_count(some, f"class {listed} has one sample: its", f"classes {listed} have one sample: their")
            message = f"{told} covariance is 1e-4 I"
            self.ctx.notice("one-sample-class", message, classes=[int(number) for number in census.one_sample_ids])
        return census

    def _writer(self, target: Path, census: LabelCensus, round_: Round) -> StateFileWriter:
        old = self.states.get(NONE)
        ids = census.class_ids if old is None else np.concatenate([old.class_ids, census.class_ids])
        counts = census.counts if old is None else np.concatenate([old.counts, census.counts])
        operators = self._operators
        metadata = {
            "operator": operators[0] if len(operators) == 1 else ",".join(operators),
            "task": str(round_.task),
            "config_digest": self.config.digest(),
        }
        last = round_.task == round_.tasks
        make = partial(
            StateFileWriter,
            target,
            ids,
            counts,
            round_.dim,
            operators if len(operators) > 1 else (),
            metadata=metadata,
            packed=self.config.output.packed and last,
            resume=self.config.output.resume and last,
            inputs=self.ctx.peers.tell(input_fingerprint(self.config)),
        )
        return self._opened_together(make)

    def _opened_together(self, make: Callable[..., StateFileWriter]) -> StateFileWriter:
        """The file that rank 0 creates or continues and the others join."""
        peers = self.ctx.peers
        created = make() if self._first else None
        join = joined_file(peers, created.temporary if created else None)
        file = created or make(join=join, rank=peers.rank)
        share_finished(peers, file)
        if self._first and (kept := sum(len(file.finished(variant)) for variant in file.variants)):
            total = len(file.variants) * file.classes
            message = f"continued: {kept} of {total} class statistics were finished before and are kept"
            self.ctx.notice("continued", message, kept=kept, all=total)
        return file

    def _variant(self, operator: str) -> str:
        return operator if len(self._operators) > 1 else ""

    def _collect(self, round_: Round, census: LabelCensus, file: StateFileWriter, prefix: str) -> StateReader | None:
        """Statistics of the new classes, into every variant and into a state of their own."""
        if not len(census.class_ids):
            return None
        old = len(self.states[NONE].class_ids) if self.states else 0
        if self.feed is not None and self.feed.statistics is not None:
            return self._copy(self.feed.statistics, old, file, prefix)
        if round_.labelled is None:
            return None
        path = self.ctx.shared / f"new-{round_.task}.safetensors"
        share = share_of(round_.labelled.count, self.ctx.peers.rank, self.ctx.peers.size)
        make = partial(StateFileWriter, path, census.class_ids, census.counts, round_.dim, metadata={})
        with (
            self._opened_together(make) as own,
            self.ctx.stage("statistics", total=rows_of(round_.labelled, census, share), unit="rows"),
        ):
            targets = [(file.writer(self._variant(operator)), old) for operator in self._operators]
            out = FanOutWriter([*targets, (own.writer(), 0)])
            collect = partial(collect_statistics, self.ctx, round_.labelled, census, out=out, share=share)
            self._smaller_after_refusal(lambda option: collect(option=option), f"{prefix}statistics", together=True)
            if self._first:
                own.commit()
        self.ctx.peers.wait()
        return self.open_files.enter_context(open_state(path))

    def _copy(self, path: Path, old: int, file: StateFileWriter, prefix: str) -> StateReader:
        """Statistics that were taken already, into every variant behind its ``old`` classes."""
        new = self.open_files.enter_context(open_state(path))
        out = FanOutWriter([(file.writer(self._variant(operator)), old) for operator in self._operators])
        classes = range(len(new.class_ids)) if self._first else range(0)
        with (
            self.ctx.stage("statistics", total=len(classes), unit="classes"),
            Workspace(self.job.option(f"{prefix}statistics").footprint, torch.device("cpu")) as space,
        ):
            mean, covariance = space["copied_mean"], space["copied_covariance"]
            for index in classes:
                new.read(index, mean, covariance)
                out.write(index, mean, covariance)
                self.ctx.advance()
        return new

    def _move(self, pairs: Pairs | None, dim: int, file: StateFileWriter, prefix: str) -> None:
        classes = range(len(self.states[NONE].class_ids))
        moves = {
            operator: Move(
                self.states[operator],
                file.writer(self._variant(operator)),
                [index for index in classes if index not in file.finished(self._variant(operator))],
                self._noise(operator, dim),
                self.feed.transitions.get(operator) if self.feed is not None else None,
            )
            for operator in self._operators
        }
        if self.config.run.engine == "baseline" and pairs is not None:
            self.jitter = move_with_baseline(self.ctx, self.config, pairs, moves)
        else:
            compensation = Compensation(self.ctx, self.config, self.job, prefix)
            compensation.run(pairs, moves)
            self.jitter = merged_jitter(self.ctx.peers, compensation.jitter)
            if self.feed is not None:
                self.feed.close()

    def _noise(self, operator: str, dim: int) -> Noise | None:
        samples = registry.samples_of(operator, self.config)
        if samples == 0:
            return None
        return SharedNoise(self.config.run.seed, OPERATORS.index(operator), samples, dim, self.ctx.scratch)

    def _advance(self, target: Path, new: StateReader | None) -> None:
        """What the next round starts from: the moved states, and the classes that were never moved."""
        old = self.states.get(NONE)
        never_moved = new if old is None else old if new is None else JoinedState(old, new)
        if never_moved is None:
            raise InputError("the first task has no labelled rows; expected rows of at least one class")
        self.states = {
            operator: self.open_files.enter_context(open_state(target, self._variant(operator)))
            for operator in self._operators
        }
        self.states[NONE] = never_moved

    def _evaluate(self, rows: LabelledRows, prefix: str) -> None:
        names = self.config.classifiers.names
        every = (NONE, *self._operators) if self.unmoved else self._operators
        variants = own_share(every, self.ctx.peers)
        total = sum(evaluation_steps(names, len(self.states[variant].class_ids)) for variant in variants)
        with self.ctx.stage("evaluate", total=total, unit="classes"):
            own: dict[str, dict[str, float]] = {}
            for variant in variants:
                measure = partial(evaluate, self.ctx, self.config, self.states[variant], rows)
                accuracies = self._smaller_after_refusal(measure, f"{prefix}evaluate")
                own[VARIANT_OF.get(variant, UNCOMPENSATED)] = accuracies
            parts = self.ctx.peers.gather(own)
        self.accuracies = {variant: row for part in parts for variant, row in part.items()}

    def _smaller_after_refusal(self, work: Callable[[Option], Result], stage: str, *, together: bool = False) -> Result:
        """``work`` with the planned option of ``stage``, or a smaller one where memory is refused.

        What ranks do ``together`` is not begun again: the one that did would be out of step with the others.
        """
        name = stage.rpartition(".")[2]
        in_step = together and self.ctx.peers.size > 1
        return run_smaller_after_refusal(
            self.ctx,
            work,
            self.job.option(stage),
            name,
            shrink=lambda option: None if in_step else self.job.smaller(stage, option),
        )
