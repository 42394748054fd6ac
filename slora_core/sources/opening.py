"""Opens the configured source: rounds of pairs, labelled rows, evaluation rows and class state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import ConfigError
from slora_core.sources.feature_files import EvaluationFile, FeatureFile
from slora_core.sources.rounds import Round
from slora_core.sources.synthetic import SyntheticWorkload
from slora_core.statistics.base import StateReader
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import variants_of


@dataclass(frozen=True, slots=True)
class OpenSource:
    """``tasks`` rounds, made one after another as they are asked for.

    ``states`` are the old classes before the first round, by operator; ``""`` is the one for every other operator.
    """

    tasks: int
    rounds: Iterator[Round]
    states: Mapping[str, StateReader]


@contextmanager
def open_source(config: RunConfig, ctx: RunContext, batch_of: Callable[[int], int]) -> Iterator[OpenSource]:
    """Everything the run reads stays open inside the context; ``batch_of(task)`` is the planned extraction batch.

    Raises InputError and ConfigError.
    """
    with ExitStack() as stack:
        if config.source.kind == "demo":
            from slora_core.sources.demo.source import DemoSource

            demo = DemoSource(config, ctx, batch_of)
            yield OpenSource(demo.tasks, demo.rounds(), {})
        elif config.source.kind == "synthetic":
            yield _open_synthetic(config, ctx, stack)
        else:
            yield _open_files(config, ctx, stack)


def _open_synthetic(config: RunConfig, ctx: RunContext, stack: ExitStack) -> OpenSource:
    source = config.source
    with ctx.stage("prepare"):
        workload = SyntheticWorkload(
            source.pairs,
            source.dim,
            source.classes,
            config.run.seed,
            ctx.scratch,
            checkpoint=ctx.checkpoint,
            peers=ctx.peers,
        )
    stack.callback(workload.close)
    return OpenSource(1, iter([Round(1, 1, workload.pairs)]), {"": workload.state})


def _open_files(config: RunConfig, ctx: RunContext, stack: ExitStack) -> OpenSource:
    source = config.source
    if source.features is None or source.state is None:
        raise ConfigError("source.features and source.state are both needed for a run on files")
    features = stack.enter_context(FeatureFile(source.features, ctx.scratch))
    if features.unpacked:
        reasons = ", ".join(f"{key} ({reason})" for key, reason in features.unpacked.items())
        ctx.notice("unpacked-file", f"{source.features} cannot be mapped where it lies; unpacked: {reasons}")
    evaluation = stack.enter_context(EvaluationFile(source.evaluate, ctx.scratch)) if source.evaluate else None
    states = {name: stack.enter_context(open_state(source.state, name)) for name in variants_of(source.state)}
    return OpenSource(1, iter([Round(1, 1, features, features.labelled, evaluation)]), states)
