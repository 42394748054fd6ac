"""What is run together: a job, the demo, or the baseline and the optimised engine with their results compared."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QCoreApplication

from slora_core.config import RunConfig
from slora_core.records.deviation import Deviation, deviations
from slora_core.types import OPERATORS
from slora_gui.control.run_control import Job
from slora_gui.model.texts import source_text

ENGINES: Final = ("baseline", "optimised")


def single_job(config: RunConfig) -> list[Job]:
    return [Job(config, partial(_title, config), config.source.kind)]


def demo_config(job: RunConfig) -> RunConfig:
    """The digits with every operator and no budget, on the device of ``job``."""
    changes: dict[str, Any] = {"operators": {"names": list(OPERATORS)}, "run": {"device": job.run.device}}
    return RunConfig().merged(changes)


class EnginePair:
    """Both engines on one job. Their moved states go to a folder of their own, which :meth:`close` removes."""

    def __init__(self, config: RunConfig) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="slora-compare-")
        self._states = [Path(self._folder.name) / f"{engine}.safetensors" for engine in ENGINES]
        self.jobs = [self._job(config, engine, state) for engine, state in zip(ENGINES, self._states, strict=True)]

    def deviations(self) -> tuple[Deviation, ...]:
        """Of the optimised engine's results from the baseline's. Reads both states whole; raises InputError."""
        return deviations(*self._states)

    def close(self) -> None:
        self._folder.cleanup()

    def _job(self, config: RunConfig, engine: str, state: Path) -> Job:
        own = config.merged({"run": {"engine": engine}, "output": {"state": str(state), "resume": False}})
        return Job(own, partial(_title, own), f"{config.source.kind}-{engine}")


def _title(config: RunConfig) -> str:
    engines = {
        "baseline": QCoreApplication.translate("Runs", "{source}, baseline"),
        "optimised": QCoreApplication.translate("Runs", "{source}, optimised"),
    }
    return engines[config.run.engine].format(source=source_text(config.source.kind))
