"""``slora report``: recorded runs as a tidy set of CSV files."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack, closing

from slora_core.records.export_csv import export_runs
from slora_core.records.run_file import RunFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN.slora")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder for the CSV files")
    parser.add_argument("--json", action="store_true", help="print the paths as JSON")


def run(args: argparse.Namespace) -> int:
    with ExitStack() as stack:
        runs = [stack.enter_context(closing(RunFile.open(path))) for path in args.runs]
        paths = export_runs(runs, args.out)
    print(json.dumps([str(path) for path in paths]) if args.json else "\n".join(map(str, paths)))
    return 0
