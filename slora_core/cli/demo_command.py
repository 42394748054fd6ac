"""``slora demo``: five tasks of handwritten digits, compensated by every operator."""

from __future__ import annotations

import argparse

from slora_core.cli.arguments import add_job, add_json, add_output, build_config
from slora_core.cli.execution import report_outcome, run_config
from slora_core.types import OPERATORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tasks", type=int, metavar="N", help="stop after N of the five tasks")
    add_job(parser)
    add_output(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.operators is None and args.config is None:
        args.operators = ",".join(OPERATORS)
    config = build_config(args, kind="demo")
    return report_outcome(run_config(config, args, title="demo"), args)
