"""``slora report``: recorded runs as a tidy set of CSV files."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, closing

from slora_core.cli.arguments import add_json
from slora_core.cli.printing import print_json
from slora_core.records.export_csv import export_runs
from slora_core.records.run_file import RunFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example:\n  slora report BASE.slora OTHER.slora --out TABLES"
    parser.add_argument("runs", nargs="+", metavar="RUN.slora", help="recorded runs; the first is the base")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder for the CSV files")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with ExitStack() as stack:
        runs = [stack.enter_context(closing(RunFile.open(path))) for path in args.runs]
        paths = export_runs(runs, args.out)
    if args.json:
        print_json([str(path) for path in paths])
    else:
        print("\n".join(map(str, paths)))
    return 0
