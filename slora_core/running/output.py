"""Where a run's class state goes and who may share it, checked before anything is computed. Torch-free."""

from __future__ import annotations

from pathlib import Path

from slora_core.config import RunConfig
from slora_core.errors import ConfigError, OutputError
from slora_core.sources.tensor_file import checked_target


def check_output(config: RunConfig) -> None:
    """Raises OutputError for a place where no class state can or should be put, ConfigError for a resume of nothing.

    A class state may replace the one that it was moved from; it may not replace the features.
    """
    path = config.output.state
    if path is None:
        if config.output.resume:
            raise ConfigError("output.resume is set but output.state is not: there is nothing to resume", "give --out")
        return
    target = checked_target(path)
    if target.suffix.lower() in (".npz", ".npy"):
        raise OutputError(f"{path!r} is named as a NumPy file; a class state is written as .safetensors")
    for key in ("features", "evaluate"):
        source = getattr(config.source, key)
        if config.source.kind == "files" and source is not None and target == Path(source).resolve():
            raise OutputError(f"{path!r} is the run's own source.{key}; expected another file to write")


def check_distributable(config: RunConfig) -> None:
    """Raises ConfigError for a run that several processes cannot share."""
    if config.run.engine == "baseline":
        raise ConfigError("run.engine = 'baseline' with several processes: the baseline knows one", "leave out --nproc")
    if config.source.kind == "demo":
        raise ConfigError(
            "source.kind = 'demo' with several processes: the demo trains its model in one",
            "leave out --nproc, or share a run from a feature file or a model pair",
        )
