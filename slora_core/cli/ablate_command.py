"""``slora ablate``: what each of the nine memory measures saves and costs, each run in a fresh process."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from slora_core.cli.arguments import (
    add_job,
    add_json,
    add_source,
    add_tasks,
    all_operators,
    build_config,
    source_kind,
)
from slora_core.cli.printing import print_tables, results_console
from slora_core.cli.study_execution import run_study
from slora_core.errors import ConfigError
from slora_core.events import StudyFinished, TrialFinished
from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_core.studies.ablation.measures import cases
from slora_core.studies.ablation.results import read_ablation
from slora_core.studies.ablation.study import DEFAULT_REPEATS, stream
from slora_core.studies.ablation.tables import ablation_tables

EXAMPLES = """\
examples:
  slora ablate --demo --tasks 3
  slora ablate --workload seed-small --repeats 5
  slora ablate --show STUDY.jsonl

Each measure alone off, alone on, and cumulated in the order of priority. An interrupted study is continued."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_source(parser)
    add_tasks(parser)
    add_job(parser)
    group = parser.add_argument_group("study")
    group.add_argument(
        "--repeats",
        type=int,
        default=DEFAULT_REPEATS,
        metavar="N",
        help=f"runs of each of the {len(cases())} cases; default: {DEFAULT_REPEATS}",
    )
    group.add_argument("--results", metavar="FILE.jsonl", help="where the study is kept; default: with the history")
    group.add_argument("--fresh", action="store_true", help="do not continue an interrupted study")
    group.add_argument("--show", metavar="FILE.jsonl", help="print a study that was measured before")
    group.add_argument("--quiet", action="store_true", help="no progress on the terminal")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.show:
        print_tables(ablation_tables(read_ablation(args.show)))
        return 0
    if args.without or args.with_:
        raise ConfigError("slora ablate switches every measure itself: expected neither --with nor --without")
    if args.demo:
        all_operators(args)
    config = build_config(args, kind=source_kind(args))
    results = Path(args.results) if args.results else None
    return run_study(
        lambda cancel: stream(config, cancel, repeats=args.repeats, results=results, fresh=args.fresh),
        as_json=args.json,
        quiet=args.quiet,
        describe=_describe,
        finish=partial(_finish, as_json=args.json),
        resumes=results is None,
    )


def _describe(event: TrialFinished) -> str:
    figures = event.figures["figures"]
    if figures["failure"]:
        return str(figures["failure"])
    return f"{format_size(figures['peak_allocated_bytes'])}, {format_seconds(figures['seconds'])}"


def _finish(event: StudyFinished, *, as_json: bool) -> Mapping[str, Any]:
    if not as_json:
        print_tables(ablation_tables(read_ablation(event.results)))
        results_console().print(f"\nstudy: {event.results}", soft_wrap=True, markup=False)
    return event.outcome
