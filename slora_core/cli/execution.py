"""Runs a configuration from the command line: isolated, recorded, shown, summed up."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from slora_core import isolate
from slora_core.cli.display import drawn, follow
from slora_core.config import RunConfig
from slora_core.events import Event, RunCancelledEvent, RunFailed, RunFinished
from slora_core.memory.sizes import format_size
from slora_core.records.history import History
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_core.records.tables import accuracies_table, format_seconds, stages_table


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final event of a run and where it is recorded (None: nowhere)."""

    final: Event | None
    run_file: Path | None

    @property
    def exit_code(self) -> int:
        match self.final:
            case RunFinished():
                return 0
            case RunCancelledEvent():
                return 130
            case RunFailed():
                return self.final.exit_code
            case _:
                return 4


def errors_console() -> Console:
    """Progress, notices and errors go to standard error, so that standard output holds results alone."""
    return Console(stderr=True)


def run_config(config: RunConfig, args: argparse.Namespace, *, title: str) -> Outcome:
    """Run to the end, recording unless told not to. Ctrl-C cancels the run and is recorded as such."""
    path = None
    if not args.no_record:
        path = Path(args.run_file) if args.run_file else History().new_path(title)
    stream = _stream(config, here=args.here)
    events: Iterable[Event] = stream if path is None else record(stream, path)
    quiet = args.quiet or args.json or not sys.stderr.isatty()
    final: Event | None = None
    try:
        for event in follow(events, errors_console(), quiet=quiet, title=title):
            final = event
    except KeyboardInterrupt:
        final = final if isinstance(final, RunFinished) else RunCancelledEvent(0.0, "")
    return Outcome(final, path)


def report_outcome(outcome: Outcome, args: argparse.Namespace) -> int:
    """Print the result on standard output and failures on standard error; returns the exit code."""
    if args.json:
        print(json.dumps(outcome_data(outcome), ensure_ascii=False))
    elif isinstance(outcome.final, RunFinished):
        _print_summary(outcome.final, outcome.run_file)
    print_failure(outcome)
    return outcome.exit_code


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """A run as one JSON document: status, final event, stages."""
    data: dict[str, Any] = {
        "exit_code": outcome.exit_code,
        "run_file": None if outcome.run_file is None else str(outcome.run_file),
        "result": None if outcome.final is None else json.loads(outcome.final.to_json()),
    }
    if outcome.run_file is not None and outcome.run_file.exists():
        with closing(RunFile.open(outcome.run_file)) as run:
            data["budget_bytes"] = run.header.budget_bytes
            data["stages"] = [dataclasses.asdict(stage) for stage in run.stages()]
            data["notices"] = [json.loads(notice.to_json()) for notice in run.notices()]
    return data


def print_failure(outcome: Outcome) -> None:
    match outcome.final:
        case RunFailed(what=what, remedy=remedy, details=details, kind=kind):
            print(f"slora: {what}", file=sys.stderr)
            if remedy:
                print(f"       {remedy}", file=sys.stderr)
            if kind in ("internal", "engine-died") and details:
                print(details, file=sys.stderr)
        case RunCancelledEvent():
            print("slora: cancelled", file=sys.stderr)


def _stream(config: RunConfig, *, here: bool) -> Iterable[Event]:
    if here:
        from slora_core import pipeline

        return pipeline.stream(config)
    return isolate.stream(config)


def _print_summary(final: RunFinished, run_file: Path | None) -> None:
    console = Console(soft_wrap=not sys.stdout.isatty())
    peak = f"{format_size(final.peaks.allocated_bytes)} allocated"
    if final.peaks.reserved_bytes is not None:
        peak += f", {format_size(final.peaks.reserved_bytes)} reserved"
    within = {True: ", within the budget", False: ", ABOVE the budget", None: ""}[final.within_budget]
    console.print(f"done in {format_seconds(final.seconds)}; peak {peak}{within}", highlight=False)
    if run_file is not None:
        with closing(RunFile.open(run_file)) as run:
            console.print(drawn(stages_table(run)))
            if run.accuracies():
                console.print(drawn(accuracies_table(run)))
    for role, path in final.outputs.items():
        console.print(f"{role}: {path}", highlight=False)
    if run_file is not None:
        console.print(f"run file: {run_file}", highlight=False)
