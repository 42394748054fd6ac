"""``slora demo --full``: adapters trained with PEFT, compensated through every front, as tables."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from contextlib import ExitStack
from pathlib import Path

from slora_core.cli.interrupts import importing
from slora_core.cli.printing import errors_console, print_json, print_tables
from slora_core.config import RunConfig
from slora_core.errors import OutputError, SloraError
from slora_core.records.tables import TextTable
from slora_core.running.output import check_output


def run_full(config: RunConfig, args: argparse.Namespace) -> int:
    """Trains and measures in this process; each task's run of the model pair is recorded. Raises SloraError."""
    check_output(config)
    with importing():
        from slora_core.full_demo.run import SAME, run_full_demo
    console = errors_console()

    def say(text: str) -> None:
        if not (args.quiet or args.json):
            console.print(f"{text} ...")

    with ExitStack() as stack:
        folder = _folder(args.keep, stack)
        cached = config.merged({"extraction": {"cache_folder": str(folder / "cache")}})
        tasks = list(run_full_demo(cached, folder, record=not args.no_record, say=say))
    differences = [value for task in tasks for value in task.differences.values()]
    if args.json:
        print_json({"tasks": [dataclasses.asdict(task) for task in tasks], "largest_difference": max(differences)})
    else:
        variants = list(tasks[-1].accuracies)
        columns = ("variant", *(f"task {task.task}" for task in tasks))
        for name in config.classifiers.names:
            rows = tuple(
                (variant, *(f"{100 * task.accuracies[variant][name]:.2f} %" for task in tasks)) for variant in variants
            )
            title = f"Accuracy over all classes seen, {name}"
            print_tables([TextTable(title, columns, (False, *(True,) * len(tasks)), rows)])
            print()
        cells = tuple((front, *(f"{task.differences[front]:.1e}" for task in tasks)) for front in tasks[-1].differences)
        title = "Largest relative difference from the model pair's statistics"
        print_tables([TextTable(title, ("front", *columns[1:]), (False, *(True,) * len(tasks)), cells)])
        last = tasks[-1]
        print(
            f"\nauxiliary images: {last.cached_rows} of {last.cached_rows + last.forward_rows} features came from the"
            " cache"
        )
    if max(differences) > SAME:
        raise SloraError(f"the fronts differ by {max(differences):.1e}; expected at most {SAME:.0e}")
    return 0


def _folder(keep: str | None, stack: ExitStack) -> Path:
    """Where models and images go: kept where the arguments say, else for the run alone."""
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slora-full-demo-")))
    folder = Path(keep)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise OutputError(f"--keep {keep!r} cannot be used: {error.strerror}") from None
    if occupied:
        raise OutputError(f"--keep {keep!r} is not empty; expected an empty or a new folder")
    return folder
