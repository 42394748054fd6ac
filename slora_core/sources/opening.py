"""Opens the configured source: rounds of pairs, labelled rows, evaluation rows and class state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import ConfigError
from slora_core.features.feed import Feed
from slora_core.peers import ALONE, Peers
from slora_core.sources.feature_files import EvaluationFile, FeatureFile
from slora_core.sources.opened import OpenSource, Source
from slora_core.sources.probed import PlannedForward, Probed
from slora_core.sources.rounds import Round
from slora_core.sources.synthetic import SyntheticWorkload
from slora_core.sources.workloads import workloads_of
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import variants_of
from slora_core.types import Workload


class ConfiguredSource:
    """Files, the synthetic workload or the demo, as ``config`` says."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    def workloads(self) -> tuple[Workload, ...]:
        return workloads_of(self._config)

    def probe(self, device: torch.device, peers: Peers = ALONE) -> Probed:
        """Only the demo has a model, hence something to probe."""
        if self._config.source.kind != "demo":
            return Probed()
        from slora_core.sources.demo.source import probe_demo

        return probe_demo(self._config, device)

    @contextmanager
    def open(
        self, ctx: RunContext, planned: Callable[[int], PlannedForward], feed: Feed | None = None
    ) -> Iterator[OpenSource]:
        """Raises InputError and ConfigError."""
        config = self._config
        with ExitStack() as stack:
            if config.source.kind == "demo":
                from slora_core.sources.demo.source import DemoSource

                demo = DemoSource(config, ctx, planned)
                yield OpenSource(demo.tasks, demo.rounds(), {})
            elif config.source.kind == "synthetic":
                yield _open_synthetic(config, ctx, stack)
            else:
                yield _open_files(config, ctx, stack)

    def close(self) -> None:
        """Nothing outlives the probe."""


def source_of(config: RunConfig) -> Source:
    """The source that ``config`` names."""
    if config.source.kind == "models":
        from slora_core.sources.models.source import ModelPairSource

        return ModelPairSource(config)
    return ConfiguredSource(config)


def _open_synthetic(config: RunConfig, ctx: RunContext, stack: ExitStack) -> OpenSource:
    source = config.source
    with ctx.stage("prepare", total=source.pairs, unit="pairs"):
        workload = SyntheticWorkload(
            source.pairs,
            source.dim,
            source.classes,
            config.run.seed,
            ctx.scratch,
            advance=ctx.advance,
            peers=ctx.peers,
        )
    stack.callback(workload.close)
    return OpenSource(1, iter([Round(1, 1, workload.pairs)]), {"": workload.state})


def _open_files(config: RunConfig, ctx: RunContext, stack: ExitStack) -> OpenSource:
    source = config.source
    if source.features is None or source.state is None:
        raise ConfigError("source.features and source.state are both needed for a run on files")
    features = stack.enter_context(FeatureFile(source.features, ctx.scratch, ctx.checkpoint))
    if features.unpacked:
        reasons = ", ".join(f"{key} ({reason})" for key, reason in features.unpacked.items())
        message = f"{source.features} cannot be mapped where it lies; unpacked: {reasons}"
        ctx.notice("unpacked-file", message, path=source.features, keys=list(features.unpacked))
    evaluation = None
    if source.evaluate:
        evaluation = stack.enter_context(EvaluationFile(source.evaluate, ctx.scratch, ctx.checkpoint))
    states = {name: stack.enter_context(open_state(source.state, name)) for name in variants_of(source.state)}
    return OpenSource(1, iter([Round(1, 1, features, features.labelled, evaluation)]), states)
