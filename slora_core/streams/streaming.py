"""Turns a synchronous run into a stream of events: the run works in a thread, the caller iterates.

Every stream ends with exactly one final event, whatever happens in the run.
"""

from __future__ import annotations

import atexit
import re
import threading
import traceback
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from slora_core.cancel import CancelToken
from slora_core.errors import RunCancelled, SloraError
from slora_core.events import FINAL_EVENTS, Event, RunCancelledEvent, RunFailed
from slora_core.streams.trace import RunTrace

Emit: TypeAlias = Callable[[Event], None]
Execute: TypeAlias = Callable[[Emit, CancelToken], None]

_POLL_S: Final = 0.5  # Windows delivers Ctrl-C only between two waits


class FinalGate:
    """An ``emit`` for several threads that lets one final event through and nothing after it."""

    def __init__(self, emit: Emit) -> None:
        self.trace = RunTrace()
        self._emit = emit
        self._lock = threading.Lock()
        self.closed = False

    def __call__(self, event: Event) -> None:
        with self._lock:
            if not self.closed:
                self.trace.see(event)
                self._emit(event)
                self.closed = isinstance(event, FINAL_EVENTS)


def failure_of(error: BaseException, t_s: float) -> RunFailed:
    """The final event of a run that ended with ``error``; the traceback goes into the details.

    ``kind`` is the class of an engine error in kebab case ("budget-refused"), or "internal" for any other.
    """
    details = "".join(traceback.format_exception(error))
    if isinstance(error, SloraError):
        kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
        return RunFailed(t_s, kind, error.what, error.remedy, error.exit_code, details, error.case, error.data)
    what = f"the engine failed unexpectedly: {type(error).__name__}: {error}"
    return RunFailed(t_s, "internal", what, "this is a defect: report it with the details", 4, details)


def run_to_end(execute: Execute, emit: Emit, cancel: CancelToken) -> None:
    """Call ``execute`` so that one final event follows even if it raises or forgets it.

    Raises only what ``emit`` itself raises.
    """
    gate = FinalGate(emit)
    try:
        execute(gate, cancel)
        if not gate.closed:
            raise RuntimeError("the run ended without a result")
    except RunCancelled:
        gate(RunCancelledEvent(gate.trace.now_s, gate.trace.stage))
    except BaseException as error:
        gate(failure_of(error, gate.trace.now_s))


def stream_in_thread(execute: Execute, cancel: CancelToken) -> Generator[Event, None, None]:
    """Run ``execute(emit, cancel)`` in a thread and yield its events as they come.

    ``emit`` may be called from any thread. Closing the iterator early, and the end of the interpreter, cancel the run
    and wait for it. Ctrl-C cancels, yields what the run still reports (its final event included) and is then raised
    again; a second one is raised without waiting.
    """
    queue: SimpleQueue[Event | None] = SimpleQueue()

    def work() -> None:
        run_to_end(execute, queue.put, cancel)
        queue.put(None)

    thread = threading.Thread(target=work, name="slora-run", daemon=True)

    def stop() -> None:
        cancel.cancel()
        thread.join()

    thread.start()
    atexit.register(stop)  # a daemon thread is frozen after this, and joining it would never return
    try:
        yield from _drain(queue, cancel)
        thread.join()
    except GeneratorExit:
        stop()
        raise
    except BaseException:
        cancel.cancel()
        raise
    finally:
        if not thread.is_alive():
            atexit.unregister(stop)


def _drain(queue: SimpleQueue[Event | None], cancel: CancelToken) -> Generator[Event, None, None]:
    interrupt: KeyboardInterrupt | None = None
    while True:
        try:
            event = queue.get(timeout=_POLL_S)
        except Empty:
            continue
        except KeyboardInterrupt as error:
            if cancel.cancelled:
                raise
            cancel.cancel()
            interrupt = error
            continue
        if event is None:
            break
        yield event
    if interrupt is not None:
        raise interrupt
