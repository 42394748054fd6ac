"""A run that ``torchrun`` started: N processes of ``slora run``, of which that of rank 0 records for all.

The recording process starts the engine of rank 0 as a process of its own, so that the engine's death is not the
recorder's; the others are engines themselves. Torch-free until an engine runs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.distributed.hub import Hub
from slora_core.distributed.place import Place
from slora_core.distributed.supervision import Supervision, as_asked
from slora_core.errors import ConfigError
from slora_core.events import Event
from slora_core.streams.child import import_path
from slora_core.streams.streaming import Emit, stream_in_thread


def placed(config: RunConfig, place: Place) -> RunConfig:
    """``config`` for the ranks that the launcher has started. Raises ConfigError when it asks for others."""
    if config.distributed.processes not in (1, place.size):
        raise ConfigError(
            f"distributed.processes = {config.distributed.processes} under a launcher of {place.size} ranks:"
            " expected one of the two to say how many",
            "leave out --nproc",
        )
    return config.merged({"distributed": {"processes": place.size}})


def stream(config: RunConfig, place: Place, cancel: CancelToken | None = None) -> Generator[Event, None, None]:
    """The events of all ranks, from the process of rank 0."""
    return stream_in_thread(partial(_execute, config, place), cancel or CancelToken())


def run_other_rank(config: RunConfig, place: Place) -> int:
    """The part of a rank above 0, in this process; its exit status."""
    from slora_core.distributed.rank import run_rank

    return run_rank(config, place, None)


def _execute(config: RunConfig, place: Place, emit: Emit, cancel: CancelToken) -> None:
    hub = Hub(everywhere=not place.one_host)
    host = "127.0.0.1" if place.one_host else os.environ.get("MASTER_ADDR", "127.0.0.1")
    with tempfile.TemporaryDirectory(prefix="slora-job-") as folder:
        job = Path(folder) / "job.json"
        job.touch(mode=0o600)
        job.write_text(json.dumps({"config": config.to_dict(), "hub": hub.address(host).to_dict()}), encoding="utf-8")
        engine = FirstRank(job, config.distributed.grace_s)
        try:
            Supervision(hub, place.size, config.distributed, engine, as_asked(config, emit), cancel).run()
        finally:
            hub.close()
            engine.stop()


class FirstRank:
    """The engine of rank 0; implements ``Processes`` as far as this process knows them."""

    def __init__(self, job: Path, grace_s: float) -> None:
        self._grace_s = grace_s
        command = [sys.executable, "-P", "-m", "slora_core.distributed.worker", str(job)]
        self._process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": import_path()})
        self._ended_s: float | None = None

    def ended(self) -> bool:
        """The engine here has ended, and the others have had the time to."""
        if self._process.poll() is None:
            return False
        self._ended_s = self._ended_s or time.monotonic()
        return time.monotonic() - self._ended_s > self._grace_s

    def exit_status(self, rank: int) -> int | None:
        if rank:
            return None
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(1.0)
        return None

    def output(self, rank: int) -> str:
        """What ranks print goes where the launcher sends it."""
        return ""

    def stop(self) -> None:
        """Wait for the engine's end, then terminate, then kill."""
        for end in (self._process.terminate, self._process.kill):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace_s)
                return
            end()
        self._process.wait()


def cancel_on_terminate(cancel: CancelToken) -> None:
    """A launcher ends its ranks with SIGTERM: the record is closed first. Only in the main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: cancel.cancel())
