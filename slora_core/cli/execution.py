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
from slora_core.distributed import torchrun
from slora_core.distributed.place import Place
from slora_core.distributed.torchrun import cancel_on_terminate
from slora_core.errors import ConfigError
from slora_core.events import Event, RunCancelledEvent, RunFailed, RunFinished
from slora_core.memory.sizes import format_size
from slora_core.records.history import History
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_core.records.tables import accuracies_table, format_seconds, ranks_table, stages_table

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


def run_and_report(config: RunConfig, args: argparse.Namespace, *, title: str, place: Place | None = None) -> int:
    """Run ``config`` as the parsed arguments say and print what became of it; returns the exit code.

    With a ``place`` that is rank 0 of a launcher's, the run is that of all its ranks.
    """
    with tempfile.TemporaryDirectory(prefix="slora-run-") as folder:
        path = record_path(args, title, Path(folder))
        if place is not None and place.attempt:  # each attempt of a launcher is a record of its own
            path = path.with_name(f"{path.stem}-restart{place.attempt}{path.suffix}")
        outcome = run_config(config, path, title=title, quiet=args.quiet or args.json, here=args.here, place=place)
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


def run_config(
    config: RunConfig, path: Path, *, title: str, quiet: bool, here: bool = False, place: Place | None = None
) -> Outcome:
    """Run to the end, recording to ``path``. The first Ctrl-C cancels the run, the second does not wait for that."""
    final: Event | None = None
    cancel = CancelToken()
    if place is not None:
        cancel_on_terminate(cancel)
    stream = _stream(config, cancel, here=here, place=place)
    with first_interrupt(cancel.cancel), closing(record(stream, path)) as events:
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
        data["stages"] = [dataclasses.asdict(stage) for rank in run.ranks() for stage in run.stages(rank)]
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


def _stream(config: RunConfig, cancel: CancelToken, *, here: bool, place: Place | None) -> Generator[Event, None, None]:
    if place is not None:
        return torchrun.stream(config, place, cancel)
    if here and config.distributed.processes > 1:
        raise ConfigError("--here with several processes: each rank is a process of its own", "leave out one of them")
    if here:
        from slora_core import pipeline

        return pipeline.stream(config, cancel)
    return isolate.stream(config, cancel)


def _print_summary(final: RunFinished, outcome: Outcome) -> None:
    peak = f"{format_size(final.peaks.allocated_bytes)} allocated"
    if final.peaks.reserved_bytes is not None:
        peak += f", {format_size(final.peaks.reserved_bytes)} reserved"
    if final.bound_peak_bytes is not None:
        peak += f"; {format_size(final.bound_peak_bytes)} where the budget binds"
    with closing(RunFile.open(outcome.run_file)) as run:
        print_tables([stages_table(run), ranks_table(run), accuracies_table(run)])
    console = results_console()
    done = f"done in {format_seconds(final.seconds)}; peak {peak}{_WITHIN[final.within_budget]}"
    console.print(done, soft_wrap=True)
    state = final.outputs.get("state", "not kept (--out FILE keeps it)")
    console.print(f"state: {state}", soft_wrap=True, markup=False)
    if outcome.kept:
        console.print(f"run file: {outcome.run_file}", soft_wrap=True, markup=False)
