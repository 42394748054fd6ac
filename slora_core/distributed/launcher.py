"""Runs a configuration as several processes of this host, through PyTorch's elastic launcher.

The process that calls :func:`execute` is none of the ranks: it hears them through the hub, and outlives any of them.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, launch_agent

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.distributed.hub import Hub
from slora_core.distributed.supervision import Supervision, as_asked
from slora_core.running.output import check_distributable
from slora_core.streams.child import OUTPUT_TAIL_BYTES, import_path
from slora_core.streams.scratch import scratch_folder
from slora_core.streams.streaming import Emit

_MONITOR_S: Final = 0.1


def execute(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Run ``config`` with ``config.distributed.processes`` ranks. Raises SloraError; emits the final event."""
    check_distributable(config)
    with scratch_folder(config.run.scratch, ignore_cleanup_errors=True) as name:
        hub = Hub()
        own = config.merged({"run": {"scratch": name}})
        job = Path(name) / "job.json"
        job.touch(mode=0o600)
        job.write_text(json.dumps({"config": own.to_dict(), "hub": hub.address().to_dict()}), encoding="utf-8")
        agent = Agent(config, job, Path(name) / "output")
        agent.start()
        try:
            settings = config.distributed
            Supervision(hub, settings.processes, settings, agent, as_asked(config, emit), cancel).run()
        finally:
            hub.close()
            agent.join()


class Agent:
    """PyTorch's elastic agent in a thread; implements ``Processes``."""

    def __init__(self, config: RunConfig, job: Path, output: Path) -> None:
        self._settings = config.distributed
        self._job = job
        self._output = output
        self._statuses: dict[int, int] = {}
        self._error = ""
        self._thread = threading.Thread(target=self._work, name="slora-agent", daemon=True)

    def start(self) -> None:
        self._output.mkdir()
        os.environ["PYTHONPATH"] = import_path()
        self._thread.start()

    def join(self) -> None:
        """Until every rank has ended; those that do not by themselves are killed after the grace time."""
        self._thread.join()

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def exit_status(self, rank: int) -> int | None:
        if not self._statuses:
            self._thread.join(_MONITOR_S)
        return self._statuses.get(rank)

    def output(self, rank: int) -> str:
        """The last 16 KiB that the rank printed, in its last attempt."""
        files = sorted(self._output.glob(f"*/attempt_*/{rank}/stderr.log"))
        with suppress(OSError, IndexError):
            tail = files[-1].read_bytes()[-OUTPUT_TAIL_BYTES:]
            return tail.decode("utf-8", "replace") or self._error
        return self._error

    def _work(self) -> None:
        command = ["-P", "-m", "slora_core.distributed.worker", str(self._job)]
        try:
            launch_agent(self._launch(), sys.executable, command)
        except ChildFailedError as error:
            self._statuses = {rank: failure.exitcode for rank, failure in error.failures.items()}
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"

    def _launch(self) -> LaunchConfig:
        """How to start the ranks; before PyTorch 2.12 ranks that are ended have its own 30 s and not the grace time."""
        settings = self._settings
        patience: dict[str, Any] = {"shutdown_timeout": max(1, round(settings.grace_s))}
        known = {field.name for field in fields(LaunchConfig)}
        return LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=settings.processes,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=settings.max_restarts,
            monitor_interval=_MONITOR_S,
            logs_specs=DefaultLogsSpecs(log_dir=str(self._output), redirects=Std.ALL),
            **{name: value for name, value in patience.items() if name in known},
        )
