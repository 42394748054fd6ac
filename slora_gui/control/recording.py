"""Records a run beside showing it: a file that cannot be written ends the recording, not the run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from slora_core.errors import OutputError
from slora_core.events import FINAL_EVENTS, Event, Notice
from slora_core.records.recorder import RunRecorder

NOT_RECORDED = "not-recorded"


def recorded(stream: Generator[Event, None, None], place: Path | OutputError) -> Generator[Event, None, None]:
    """The events of ``stream``, written to the new file ``place`` as far as it can be; or why there is no file.

    The first problem becomes a notice in the stream, before the final event; what was written until then stays. The
    file is complete before the final event is handed on.
    """
    recorder: RunRecorder | None = None
    problem: OutputError | None = None
    try:
        if isinstance(place, OutputError):
            raise place
        recorder = RunRecorder(place)
    except OutputError as error:
        problem = error
    try:
        for event in stream:
            final = isinstance(event, FINAL_EVENTS)
            if recorder is not None:
                try:
                    recorder.write(event)
                    if final:
                        recorder.close()
                except OutputError as error:
                    problem = error
                    _give_up(recorder)
                    recorder = None
            if problem is not None and final:
                yield _notice(problem, event)
                problem = None
            yield event
            if problem is not None:
                yield _notice(problem, event)
                problem = None
    finally:
        stream.close()
        if recorder is not None and not recorder.closed:
            with suppress(OutputError):
                recorder.close()


def _give_up(recorder: RunRecorder) -> None:
    with suppress(OutputError):
        recorder.close()


def _notice(problem: OutputError, event: Event) -> Notice:
    message = f"{problem.what}; the run goes on without being recorded"
    return Notice(event.t_s, NOT_RECORDED, message, data={"remedy": problem.remedy})
