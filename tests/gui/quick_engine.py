"""The engine, with a demo that is trained for a moment only: what a sitting does with it takes no better model."""

from __future__ import annotations

from dataclasses import replace

from slora_core import pipeline
from slora_core.sources.demo import source

ENGINE = f"{__name__}:execute"


def execute(config, emit, cancel):
    source.FIRST_TASK = replace(source.FIRST_TASK, steps=40)
    pipeline.execute(config, emit, cancel)
