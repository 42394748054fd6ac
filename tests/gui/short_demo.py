"""The real engine with a demo that trains for a second or two: what a person sees is the same, sooner."""

from __future__ import annotations

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.sources.demo import source
from slora_core.sources.demo.training import Schedule
from slora_core.streams.streaming import Emit


def execute(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    source.FIRST_TASK = Schedule(100, 3e-3, 30.0)
    pipeline.execute(config, emit, cancel)
