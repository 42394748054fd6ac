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
    add_tasks,
    build_config,
    source_kind,
)
from slora_core.cli.execution import run_and_report
from slora_core.distributed.place import place_of
from slora_core.distributed.torchrun import placed, run_other_rank

EXAMPLES = """\
examples:
  slora run --features F.npz --state S.safetensors --operators linear,weaknonlinear,attention \\
            --budget 256MiB --out OUT.safetensors
  slora run --base VIT --adapter-before TASK1 --adapter-after TASK2 --images TRAIN --aux-images OTHER \\
            --state S.safetensors --out OUT.safetensors --budget 2GiB --precision bf16
  slora run --workload seed-tiny --without tiled_attention --json
  slora run --nproc 4 --features F.npz --state S.safetensors --out OUT.safetensors
  slora run --nproc 4 --base VIT --adapter-after TASK2 --images TRAIN --state S.safetensors --precision auto
  torchrun --nproc-per-node 4 -m slora_core run --features F.npz --state S.safetensors --out OUT.safetensors"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_source(parser)
    add_tasks(parser)
    add_job(parser)
    add_engine(parser)
    add_output(parser)
    add_record(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    config = build_config(args, kind=source_kind(args))
    place = place_of()
    if place is None or place.size == 1:
        return run_and_report(config, args, title=config.source.kind)
    config = placed(config, place)
    if place.rank > 0:
        return run_other_rank(config, place)
    return run_and_report(config, args, title=config.source.kind, place=place)
