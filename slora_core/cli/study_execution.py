"""Runs a study on the command line: its trials as they come, and what became of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from slora_core.cancel import CancelToken
from slora_core.cli.interrupts import first_interrupt
from slora_core.cli.printing import errors_console, print_error, print_json
from slora_core.events import Event, Notice, Progress, RunCancelledEvent, RunFailed, StudyFinished, TrialFinished
from slora_core.records.tables import format_seconds


def run_study(
    stream: Callable[..., Generator[Event, None, None]],
    args: argparse.Namespace,
    *,
    describe: Callable[[TrialFinished], str],
    finish: Callable[[StudyFinished], Mapping[str, Any]],
) -> int:
    """Follow ``stream(cancel=, results=, fresh=)``, told as the arguments of ``add_study_file`` say; the exit code.

    ``describe`` says what a trial measured; ``finish`` prints the outcome and returns the JSON document. The first
    Ctrl-C cancels; what was measured stays.
    """
    results = Path(args.results) if args.results else None
    as_json: bool = args.json
    final: Event | None = None
    cancel = CancelToken()
    with (
        first_interrupt(cancel.cancel),
        closing(stream(cancel=cancel, results=results, fresh=args.fresh)) as events,
    ):
        for event in events:
            if not (args.quiet or as_json):
                _show(event, describe)
            final = event
    match final:
        case StudyFinished():
            data = finish(final)
            if as_json:
                print_json({"exit_code": 0, "results": final.results, "seconds": final.seconds, **data})
            return 0
        case RunFailed(what=what, remedy=remedy, kind=kind, exit_code=code, details=details):
            if as_json:
                print_json({"exit_code": code, "error": {"kind": kind, "what": what, "remedy": remedy}})
            print_error(what, remedy)
            if kind == "internal":
                print(details, file=sys.stderr)
            return code
        case RunCancelledEvent():
            if as_json:
                print_json({"exit_code": 130, "error": {"kind": "run-cancelled", "what": "cancelled", "remedy": ""}})
            print_error("cancelled", "the same command goes on with what was measured")
            return 130
    return 4


def _show(event: Event, describe: Callable[[TrialFinished], str]) -> None:
    console = errors_console()
    match event:
        case TrialFinished():
            again = " (measured before)" if event.reused else ""
            text = f"{event.number}/{event.trials} {event.trial}: {describe(event)}{again}"
            console.print(text, markup=False, soft_wrap=True)
        case Notice():
            console.print(f"notice: {event.message}", markup=False, soft_wrap=True)
        case Progress() if console.is_terminal:
            eta = "" if event.eta_s is None else f", ETA {format_seconds(event.eta_s)}"
            console.print(f"{event.done + 1}/{event.total} {event.stage} ...{eta}", markup=False, end="\r")
