"""``slora report``: recorded runs and ablations as a PDF report or as a tidy set of CSV files."""

from __future__ import annotations

import argparse
from typing import Final

from slora_core.cli.arguments import add_json
from slora_core.cli.printing import print_json
from slora_core.report.export import PAPERS, export_report
from slora_core.report.phrases import LANGUAGES

EPILOG: Final = """\
what -o names decides what is written:
  report.pdf   summary, memory curves, stages, plans, accuracies, ablation, notices, configuration
  report.csv   the comparison (of one run: the table of runs), and beside it report-runs.csv,
               report-stages.csv, report-samples.csv, report-accuracies.csv, report-ablation.csv
  FOLDER       the same tables as runs.csv, stages.csv, samples.csv, accuracies.csv, comparison.csv,
               ablation.csv

examples:
  slora report BASE.slora OTHER.slora -o report.pdf
  slora report BASE.slora OTHER.slora -o report.pdf --language zh_CN --paper Letter
  slora report BASE.slora OTHER.slora STUDY.jsonl -o report.pdf
  slora report BASE.slora OTHER.slora -o TABLES"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="recorded runs, .slora, the first of which is the base; studies of 'slora ablate', .jsonl",
    )
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT", help="report.pdf, report.csv, or a folder for CSV files"
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the PDF; default: en")
    parser.add_argument("--paper", choices=PAPERS, default="A4", help="of the PDF; default: A4")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    paths = export_report(args.files, args.out, language=args.language, paper=args.paper)
    if args.json:
        print_json([str(path) for path in paths])
    else:
        print("\n".join(map(str, paths)))
    return 0
