"""The stream of a run from a fresh child process: the same events as in this process, whatever becomes of the child.

The caller's process needs neither torch nor a device, its memory is not the run's, and a crash, an out-of-memory kill
or a hang of the engine ends as an event.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, Final

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import EngineDied, RunCancelled
from slora_core.events import FINAL_EVENTS, Event, RunCancelledEvent, RunFailed, event_from_json
from slora_core.streams.child import EngineProcess
from slora_core.streams.postmortem import available_memory_bytes, count_oom_kills, describe_end, memory_hint
from slora_core.streams.scratch import WITHIN, scratch_folder
from slora_core.streams.streaming import Emit, stream_in_thread
from slora_core.streams.trace import RunTrace

ENGINE: Final = "slora_core.pipeline:execute"
DISTRIBUTED_ENGINE: Final = "slora_core.distributed.launcher:execute"
GRACE_S: Final = 2.0
_POLL_S: Final = 0.05


def stream(
    config: RunConfig,
    cancel: CancelToken | None = None,
    *,
    engine: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    grace_s: float = GRACE_S,
) -> Generator[Event, None, None]:
    """Run ``config`` in a child process, or in several; yields its events, the last of them a final one.

    After a cancel the child has ``grace_s`` to end its run, then it is terminated and, failing that, killed. Closing
    the iterator early does the same. ``engine`` names the function ``execute(config, emit, cancel, **arguments)`` that
    the child calls, as "module:function"; ``arguments`` are plain JSON.
    """
    several = config.distributed.processes > 1
    engine = engine or (DISTRIBUTED_ENGINE if several else ENGINE)
    grace_s += config.distributed.grace_s if several else 0.0
    job = {"engine": engine, "arguments": dict(arguments or {}), "config": config.to_dict(), "grace_s": grace_s}
    return stream_in_thread(partial(_supervise, job, grace_s), cancel or CancelToken())


def _supervise(job: dict[str, Any], grace_s: float, emit: Emit, cancel: CancelToken) -> None:
    if cancel.cancelled:
        raise RunCancelled
    trace = RunTrace()
    oom_kills = count_oom_kills()
    with scratch_folder(job["config"]["run"].get("scratch"), ignore_cleanup_errors=True) as scratch:
        try:
            child = EngineProcess(job, grace_s, {WITHIN: scratch})
        except OSError as error:
            raise EngineDied(f"the engine process could not be started: {error}") from error
        with child:
            if _follow(child, trace, grace_s, emit, cancel):
                return
            child.stop()
    code = child.returncode
    if cancel.cancelled or code == -signal.SIGINT:
        emit(RunCancelledEvent(trace.now_s, trace.stage))
        return
    remedy = memory_hint(code, count_oom_kills() - oom_kills, trace.rss_bytes, available_memory_bytes())
    what = describe_end(code, trace.stage)
    emit(RunFailed(trace.now_s, "engine-died", what, remedy, EngineDied.exit_code, child.output_tail()))


def _follow(child: EngineProcess, trace: RunTrace, grace_s: float, emit: Emit, cancel: CancelToken) -> bool:
    """Hand on the child's events until a final one (True) or until no more come (False)."""
    deadline_s: float | None = None
    while (lines := child.next_lines(_POLL_S)) is not None:
        for line in lines:
            event = event_from_json(line.decode("utf-8", "surrogatepass"))
            trace.see(event)
            emit(event)
            if isinstance(event, FINAL_EVENTS):
                return True
        if cancel.cancelled and deadline_s is None:
            child.send_cancel()
            deadline_s = time.perf_counter() + grace_s
        elif deadline_s is not None and time.perf_counter() >= deadline_s and child.returncode is None:
            child.stop(patience_s=0.0)
    return False
