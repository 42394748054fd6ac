"""The engine's process, ``python -m slora_core.streams.worker``: started by :mod:`slora_core.isolate` alone.

Standard input carries lines: first the job, a JSON object with ``engine`` ("module:function"), its ``arguments``,
``config`` and ``grace_s``; later "cancel". Its end means that the parent is gone: the run is cancelled, and the process
leaves after ``grace_s`` at the latest. Events leave as JSON lines through the descriptor ``--events-fd``, or through
what was standard output where descriptors cannot be passed on. Whatever the engine prints goes to standard error or
output, never between the events.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slora_core.cancel import CancelToken
    from slora_core.events import Event
    from slora_core.streams.streaming import Emit


def main(arguments: list[str]) -> int:
    """Run the job that standard input brings and report it; 0 once a final event is out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    faulthandler.enable()
    control = _take(0, os.open(os.devnull, os.O_RDONLY))
    events = int(arguments[1]) if arguments[:1] == ["--events-fd"] else _take(1, os.dup(2))
    os.set_inheritable(events, False)
    lines = _lines(control)
    first = next(lines, None)
    if first is None:
        return 1
    job = json.loads(first)

    from slora_core.cancel import CancelToken
    from slora_core.streams.streaming import run_to_end

    cancel = CancelToken()
    threading.Thread(target=_listen, args=(lines, cancel, float(job["grace_s"])), daemon=True).start()
    run_to_end(partial(_execute, job), partial(_send, events, cancel), cancel)
    return 0


def _execute(job: dict[str, Any], emit: Emit, cancel: CancelToken) -> None:
    from slora_core.config import RunConfig
    from slora_core.memory.matrix_workspace import configure_own_process

    config = RunConfig.from_dict(job["config"], "the job's configuration")
    if config.run.engine == "optimised":
        configure_own_process()
    module, _, function = job["engine"].partition(":")
    getattr(importlib.import_module(module), function)(config, emit, cancel, **job.get("arguments", {}))


def _send(events: int, cancel: CancelToken, event: Event) -> None:
    rest = memoryview(event.to_json().encode("utf-8", "surrogatepass") + b"\n")
    try:
        while rest:
            rest = rest[os.write(events, rest) :]
    except OSError:  # the parent is gone: nobody is left to tell
        cancel.cancel()


def _listen(lines: Iterator[bytes], cancel: CancelToken, grace_s: float) -> None:
    for line in lines:
        if line == b"cancel":
            cancel.cancel()
    cancel.cancel()
    time.sleep(grace_s)
    os._exit(1)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Complete lines; read without a buffered file, whose lock a daemon thread would hold at shutdown."""
    pending = b""
    while block := os.read(descriptor, 65536):
        *complete, pending = (pending + block).split(b"\n")
        yield from complete


def _take(descriptor: int, replacement: int) -> int:
    """A private copy of a standard descriptor, which becomes ``replacement``."""
    private = os.dup(descriptor)
    os.dup2(replacement, descriptor)
    os.close(replacement)
    return private


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
