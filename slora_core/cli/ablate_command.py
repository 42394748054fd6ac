"""``slora ablate``: what each of the nine memory measures saves and costs, each run in a fresh process."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

from slora_core.cli.arguments import add_studied_job, add_study_file, studied_config
from slora_core.cli.printing import print_json, print_tables, results_console
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

Each measure alone off, alone on, and cumulated in the order of priority. An interrupted study is continued;
what failed in it is tried again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    group = add_studied_job(parser)
    group.add_argument(
        "--repeats",
        type=int,
        default=DEFAULT_REPEATS,
        metavar="N",
        help=f"runs of each of the {len(cases())} cases; default: {DEFAULT_REPEATS}",
    )
    add_study_file(parser, group)


def run(args: argparse.Namespace) -> int:
    if args.show:
        found = read_ablation(args.show)
        if args.json:
            print_json({"exit_code": 0, "results": args.show, **found.to_dict()})
        else:
            print_tables(ablation_tables(found))
        return 0
    if args.without or args.with_:
        raise ConfigError("slora ablate switches every measure itself: expected neither --with nor --without")
    start = partial(stream, studied_config(args), repeats=args.repeats)
    return run_study(start, args, describe=_describe, finish=partial(_finish, as_json=args.json))


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
