"""``slora run``: move a class state through the operators, inside a memory budget."""

from __future__ import annotations

import argparse

from slora_core.cli.arguments import (
    add_engine,
    add_job,
    add_json,
    add_output,
    add_record,
    add_source,
    build_config,
    source_kind,
)
from slora_core.cli.execution import run_and_report

EXAMPLES = """\
examples:
  slora run --features F.npz --state S.safetensors --operators linear,weaknonlinear,attention \\
            --budget 256MiB --out OUT.safetensors
  slora run --base VIT --adapter-before TASK1 --adapter-after TASK2 --images TRAIN --aux-images OTHER \\
            --state S.safetensors --out OUT.safetensors --budget 2GiB --precision bf16
  slora run --workload seed-tiny --without tiled_attention --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_source(parser)
    add_job(parser)
    add_engine(parser)
    add_output(parser)
    add_record(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    config = build_config(args, kind=source_kind(args))
    return run_and_report(config, args, title=config.source.kind)
