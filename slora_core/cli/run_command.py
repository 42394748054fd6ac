"""``slora run``: move a class state through the operators, inside a memory budget."""

from __future__ import annotations

import argparse

from slora_core.cli.arguments import add_job, add_json, add_output, add_source, build_config
from slora_core.cli.execution import report_outcome, run_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, demo=True)
    add_job(parser)
    add_output(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    config = build_config(args, kind=None if args.config else "files")
    return report_outcome(run_config(config, args, title=config.source.kind), args)
