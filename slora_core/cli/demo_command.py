"""``slora demo``: five tasks of handwritten digits, compensated by every operator."""

from __future__ import annotations

import argparse

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_tasks(parser)
    add_job(parser)
    add_engine(parser)
    add_output(parser)
    add_record(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    all_operators(args)
    return run_and_report(build_config(args, kind="demo"), args, title="demo")
