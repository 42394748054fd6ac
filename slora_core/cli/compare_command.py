"""``slora compare``: baseline and optimised in fresh processes side by side, or recorded runs against each other."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from rich.console import Console

from slora_core.cli.arguments import add_job, add_json, add_output, add_source, build_config
from slora_core.cli.display import drawn
from slora_core.cli.execution import Outcome, print_failure, run_config
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.records.compare import Comparison, compare
from slora_core.records.deviation import Deviation, deviations
from slora_core.records.run_file import RunFile
from slora_core.records.tables import comparison_tables, deviations_table
from slora_core.types import OPERATORS

ENGINES = ("baseline", "optimised")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="*", metavar="RUN.slora", help="recorded runs; the first is the base")
    parser.add_argument("--stages", action="store_true", help="also compare every stage of every task")
    add_source(parser, demo=True)
    parser.add_argument("--tasks", type=int, metavar="N", help="tasks of the demo")
    add_job(parser)
    add_output(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.runs:
        return _compare_files([Path(path) for path in args.runs], None, (), args)
    if args.demo and args.operators is None and args.config is None:
        args.operators = ",".join(OPERATORS)
    config = build_config(args, kind=None if args.config else "files")
    with tempfile.TemporaryDirectory(prefix="slora-compare-") as folder:
        return _compare_engines(config, Path(folder), args)


def _compare_engines(config: RunConfig, folder: Path, args: argparse.Namespace) -> int:
    """One fresh process each; both leave their moved state, so that the results can be compared too."""
    states, paths = [], []
    for engine in ENGINES:
        state = folder / f"{engine}.safetensors"
        own = config.merged({"run": {"engine": engine}, "output": {"state": str(state)}})
        outcome = _run_engine(own, folder, args, engine)
        if outcome.exit_code or outcome.run_file is None:
            print_failure(outcome)
            return outcome.exit_code or 4
        states.append(state)
        paths.append(outcome.run_file)
    return _compare_files(paths, ENGINES, deviations(*states), args)


def _run_engine(config: RunConfig, folder: Path, args: argparse.Namespace, engine: str) -> Outcome:
    own = argparse.Namespace(**vars(args))
    own.json = False
    own.quiet = args.quiet or args.json
    own.run_file = str(folder / f"{engine}.slora") if args.no_record else None
    own.no_record = False
    if not own.quiet and not sys.stderr.isatty():
        print(f"running the {engine} engine in a fresh process ...", file=sys.stderr, flush=True)
    return run_config(config, own, title=f"{config.source.kind}-{engine}")


def _compare_files(
    paths: Sequence[Path], labels: Sequence[str] | None, moved: Sequence[Deviation], args: argparse.Namespace
) -> int:
    if len(paths) < 2:
        raise InputError(f"a comparison of {len(paths)} runs: expected at least two run files")
    with ExitStack() as stack:
        runs = [stack.enter_context(closing(RunFile.open(path))) for path in paths]
        comparison = compare(runs, labels)
    if args.json:
        data = {
            "runs": [str(path) for path in paths],
            **dataclasses.asdict(comparison),
            "deviations": [dataclasses.asdict(row) for row in moved],
        }
        print(json.dumps(data, ensure_ascii=False))
    else:
        _print(comparison, moved, stages=args.stages)
        if not args.no_record:
            print("\n".join(f"run file: {path}" for path in paths))
    return 0


def _print(comparison: Comparison, moved: Sequence[Deviation], *, stages: bool) -> None:
    console = Console()
    shown = comparison if stages else comparison.without("stage")
    for table in comparison_tables(shown):
        console.print(drawn(table))
        console.print()
    if moved:
        console.print(drawn(deviations_table(moved)))
