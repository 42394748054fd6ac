"""One run of a benchmark in a fresh process, reduced to its figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_core.studies.whole_run import RunFigures, run_whole

Say = Callable[[str], None]


def measure(config: RunConfig, state: Path) -> RunFigures:
    """Run ``config`` isolated, leaving its moved classes in ``state``. Raises SloraError when the run fails."""
    figures, _ = run_whole(config.merged({"output": {"state": str(state)}}), CancelToken())
    if figures.failure:
        raise SloraError(f"the benchmark's {config.run.engine} run failed: {figures.failure}\n{figures.details}")
    return figures
