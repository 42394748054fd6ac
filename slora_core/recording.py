"""A run of a source of the caller's own, in this thread: recorded as it goes, its errors raised."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import RunCancelled, SloraError
from slora_core.events import Event, RunCancelledEvent, RunFinished
from slora_core.pipeline import execute
from slora_core.records.recorder import RunRecorder
from slora_core.sources.opened import Source
from slora_core.streams.streaming import FinalGate, failure_of


def run_recorded(
    config: RunConfig,
    source: Source,
    *,
    on_event: Callable[[Event], None] | None = None,
    cancel: CancelToken | None = None,
    run_file: str | Path | None = None,
) -> RunFinished:
    """Run to the end; with ``run_file`` another process can follow meanwhile. Raises what the run raises.

    ``on_event`` is called from the thread that samples memory too, one call at a time.
    """
    finished: list[RunFinished] = []
    with ExitStack() as stack:
        recorder = stack.enter_context(RunRecorder(run_file)) if run_file is not None else None

        def emit(event: Event) -> None:
            if recorder is not None:
                recorder.write(event)
            if on_event is not None:
                on_event(event)
            if isinstance(event, RunFinished):
                finished.append(event)

        gate = FinalGate(emit)
        try:
            execute(config, gate, cancel or CancelToken(), source=source)
        except (RunCancelled, KeyboardInterrupt):
            gate(RunCancelledEvent(gate.trace.now_s, gate.trace.stage))
            raise
        except BaseException as error:
            gate(failure_of(error, gate.trace.now_s))
            raise
    if not finished:
        raise SloraError("the run ended without a result")
    return finished[0]
