"""``slora demo``: five tasks of handwritten digits, compensated by every operator."""

from __future__ import annotations

import argparse
from typing import Final

from slora_core.cli.arguments import (
    add_engine,
    add_job,
    add_json,
    add_output,
    add_record,
    add_tasks,
    all_operators,
    build_config,
)
from slora_core.cli.execution import run_and_report
from slora_core.cli.interrupts import importing
from slora_core.errors import ConfigError

EXAMPLES: Final = """\
examples:
  slora demo --tasks 3 --budget 4MiB
  slora demo --full --keep FOLDER --out FILE.safetensors"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--full", action="store_true", help="train adapters with PEFT, and compare every front of the engine"
    )
    parser.add_argument("--keep", metavar="DIR", help="with --full: keep models, images and states there")
    add_tasks(parser)
    add_job(parser)
    add_engine(parser)
    add_output(parser)
    add_record(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    all_operators(args)
    if args.full:
        _refuse_ignored(args)
        with importing():
            from slora_core.cli.full_demo import run_full
        return run_full(build_config(args, kind="demo"), args)
    if args.keep:
        raise ConfigError("--keep is for --full; --out keeps the class state alone")
    return run_and_report(build_config(args, kind="demo"), args, title="demo")


def _refuse_ignored(args: argparse.Namespace) -> None:
    ignored = {"--here": args.here, "--run-file": args.run_file, "--nproc": (args.nproc or 1) > 1}
    given = [option for option, value in ignored.items() if value]
    if given:
        raise ConfigError(
            f"{' and '.join(given)} cannot be had with --full, which is a series of runs",
            "without it; the runs are recorded in the history",
        )
