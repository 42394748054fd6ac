"""``slora compare``: baseline and optimised in fresh processes side by side, or recorded runs against each other."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from slora_core.cli.arguments import (
    add_job,
    add_json,
    add_source,
    add_tasks,
    all_operators,
    build_config,
    source_kind,
)
from slora_core.cli.execution import Outcome, outcome_data, print_failure, record_path, run_config
from slora_core.cli.printing import errors_console, print_json, print_tables
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.records.compare import Comparison, compare
from slora_core.records.deviation import Deviation, deviations
from slora_core.records.run_file import RunFile
from slora_core.records.tables import comparison_tables, deviations_table
from slora_core.sources.workloads import workloads_of

ENGINES: Final = ("baseline", "optimised")
EXAMPLES: Final = """\
examples:
  slora compare --demo
  slora compare --workload seed-2core --budget 256MiB
  slora compare BASE.slora OTHER.slora --stages"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("runs", nargs="*", metavar="RUN.slora", help="recorded runs; the first is the base")
    parser.add_argument("--stages", action="store_true", help="also compare every stage of every task")
    add_source(parser)
    add_tasks(parser)
    add_job(parser)
    parser.add_argument("--no-record", action="store_true", help="do not keep the two runs in the history")
    parser.add_argument("--quiet", action="store_true", help="no progress and no notices on the terminal")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.runs:
        return _compare_files([Path(path) for path in args.runs], None, (), args)
    if args.demo:
        all_operators(args)
    config = build_config(args, kind=source_kind(args))
    workloads_of(config)  # refuses a source that cannot be used before the first of two runs begins
    with tempfile.TemporaryDirectory(prefix="slora-compare-") as folder:
        return _compare_engines(config, Path(folder), args)


def _compare_engines(config: RunConfig, folder: Path, args: argparse.Namespace) -> int:
    """One fresh process each; both leave their moved state, so that the results can be compared too."""
    states, paths = [], []
    for engine in ENGINES:
        state = folder / f"{engine}.safetensors"
        own = config.merged({"run": {"engine": engine}, "output": {"state": str(state), "resume": False}})
        outcome = _run_engine(own, folder, args, engine)
        if outcome.exit_code:
            if args.json:
                print_json(outcome_data(outcome))
            print_failure(outcome)
            return outcome.exit_code
        states.append(state)
        paths.append(outcome.run_file)
    return _compare_files(paths, ENGINES, deviations(*states), args)


def _run_engine(config: RunConfig, folder: Path, args: argparse.Namespace, engine: str) -> Outcome:
    quiet, title = args.quiet or args.json, f"{config.source.kind}-{engine}"
    if not (quiet or errors_console().is_terminal):
        errors_console().print(f"running the {engine} engine in a fresh process ...")
    outcome = run_config(config, record_path(args, title, folder), title=title, quiet=quiet)
    return dataclasses.replace(outcome, kept=not args.no_record)


def _compare_files(
    paths: Sequence[Path], labels: Sequence[str] | None, moved: Sequence[Deviation], args: argparse.Namespace
) -> int:
    if len(paths) < 2:
        raise InputError(f"a comparison of {len(paths)} run: expected at least two run files")
    with ExitStack() as stack:
        runs = [stack.enter_context(closing(RunFile.open(path))) for path in paths]
        comparison = compare(runs, labels)
    if args.json:
        data = {
            "runs": [str(path) for path in paths],
            **dataclasses.asdict(comparison),
            "deviations": [dataclasses.asdict(row) for row in moved],
        }
        print_json(data)
        return 0
    shown: Comparison = comparison if args.stages else comparison.without("stage")
    print_tables([*comparison_tables(shown), deviations_table(moved)])
    if not (args.runs or args.no_record):
        print("\n".join(f"run file: {path}" for path in paths))
    return 0
