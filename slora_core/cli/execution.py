"""Runs a configuration from the command line: isolated, recorded, shown, summed up."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.cli.display import follow
from slora_core.cli.interrupts import first_interrupt
from slora_core.cli.printing import print_error, print_json, print_tables, results_console
from slora_core.config import RunConfig
from slora_core.events import Event, RunCancelledEvent, RunFailed, RunFinished
from slora_core.memory.sizes import format_size
from slora_core.records.history import History
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_core.records.tables import accuracies_table, format_seconds, stages_table

_WITHIN: Final = {True: ", within the budget", False: ", ABOVE the budget", None: ""}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The final event of a run and its run file; ``kept`` unless that is to vanish."""

    final: Event | None
    run_file: Path
    kept: bool = True

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


def run_and_report(config: RunConfig, args: argparse.Namespace, *, title: str) -> int:
    """Run ``config`` as the parsed arguments say and print what became of it; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="slora-run-") as folder:
        path = record_path(args, title, Path(folder))
        outcome = run_config(config, path, title=title, quiet=args.quiet or args.json, here=args.here)
        outcome = dataclasses.replace(outcome, kept=not args.no_record)
        if args.json:
            print_json(outcome_data(outcome))
        elif isinstance(outcome.final, RunFinished):
            _print_summary(outcome.final, outcome)
        print_failure(outcome)
        return outcome.exit_code


def record_path(args: argparse.Namespace, title: str, folder: Path) -> Path:
    """Where the run is recorded: where the arguments say, else in the history; with --no-record in ``folder``."""
    if args.no_record:
        return folder / f"{title}.slora"
    return Path(args.run_file) if getattr(args, "run_file", None) else History().new_path(title)


def run_config(config: RunConfig, path: Path, *, title: str, quiet: bool, here: bool = False) -> Outcome:
    """Run to the end, recording to ``path``. The first Ctrl-C cancels the run, the second does not wait for that."""
    final: Event | None = None
    cancel = CancelToken()
    with first_interrupt(cancel.cancel), closing(record(_stream(config, cancel, here=here), path)) as events:
        for event in follow(events, quiet=quiet, title=title):
            final = event
    return Outcome(final, path)


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """A run as one JSON document: exit code, final event, error if there was one, stages and notices."""
    data: dict[str, Any] = {
        "exit_code": outcome.exit_code,
        "run_file": str(outcome.run_file) if outcome.kept else None,
        "result": None if outcome.final is None else json.loads(outcome.final.to_json()),
    }
    if isinstance(outcome.final, RunFailed):
        failed = outcome.final
        data["error"] = {"kind": failed.kind, "what": failed.what, "remedy": failed.remedy}
    with closing(RunFile.open(outcome.run_file)) as run:
        data["budget_bytes"] = run.header.budget_bytes
        data["stages"] = [dataclasses.asdict(stage) for stage in run.stages()]
        data["notices"] = [json.loads(notice.to_json()) for notice in run.notices()]
    return data


def print_failure(outcome: Outcome) -> None:
    """On standard error, unless the run finished."""
    match outcome.final:
        case RunFailed(what=what, remedy=remedy, details=details, kind=kind):
            print_error(what, remedy)
            if kind in ("internal", "engine-died") and details:
                print(details, file=sys.stderr)
        case RunCancelledEvent():
            print_error("cancelled")


def _stream(config: RunConfig, cancel: CancelToken, *, here: bool) -> Generator[Event, None, None]:
    if here:
        from slora_core import pipeline

        return pipeline.stream(config, cancel)
    return isolate.stream(config, cancel)


def _print_summary(final: RunFinished, outcome: Outcome) -> None:
    peak = f"{format_size(final.peaks.allocated_bytes)} allocated"
    if final.peaks.reserved_bytes is not None:
        peak += f", {format_size(final.peaks.reserved_bytes)} reserved"
    with closing(RunFile.open(outcome.run_file)) as run:
        print_tables([stages_table(run), accuracies_table(run)])
    console = results_console()
    done = f"done in {format_seconds(final.seconds)}; peak {peak}{_WITHIN[final.within_budget]}"
    console.print(done, soft_wrap=True)
    state = final.outputs.get("state", "not kept (--out FILE keeps it)")
    console.print(f"state: {state}", soft_wrap=True, markup=False)
    if outcome.kept:
        console.print(f"run file: {outcome.run_file}", soft_wrap=True, markup=False)
