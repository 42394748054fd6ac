"""``slora bench``: speed, memory and prediction of this machine, as ratios within one call."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from slora_core.cli.arguments import add_job, add_json, build_config
from slora_core.cli.interrupts import importing
from slora_core.cli.printing import print_json, print_tables
from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.memory.sizes import parse_size
from slora_core.records.tables import TextTable
from slora_core.sources.presets import PRESETS

EXAMPLES: Final = """\
examples:
  slora bench --workload seed-small --suite engines,budgets
  slora bench --suite prediction --runs 200 --json
  slora bench --suite extraction --device cuda"""
DEFAULT_SUITES: Final = ("engines", "budgets", "prediction", "sampling")
SUITES: Final = (*DEFAULT_SUITES, "scale", "extraction", "distributed")
_MEASURED_BY: Final = {
    "engines": ("engines", "compare_engines"),
    "budgets": ("engines", "compare_budgets"),
    "prediction": ("prediction", "measure_prediction"),
    "sampling": ("sampling", "measure_sampling"),
    "scale": ("scale", "measure_scale"),
    "extraction": ("extraction", "measure_extraction"),
    "distributed": ("distributed", "compare_ranks"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--workload", default="seed-2core", metavar="NAME", help=f"of {', '.join(PRESETS)}; default: seed-2core"
    )
    parser.add_argument(
        "--suite",
        default=",".join(DEFAULT_SUITES),
        metavar="A,B",
        help=f"of {', '.join(SUITES)}; default: engines to sampling",
    )
    parser.add_argument(
        "--runs", type=int, default=200, metavar="N", help="random runs of the prediction suite; default: 200"
    )
    parser.add_argument(
        "--budgets", metavar="A,B", help="budgets of the budgets suite; default: those that change the plan"
    )
    parser.add_argument("--scratch", metavar="DIR", help="where workloads and results are kept meanwhile")
    add_job(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    suites = [name.strip() for name in args.suite.split(",")]
    for name in suites:
        if name not in SUITES:
            raise ConfigError(f"unknown suite {name!r}; known: {', '.join(SUITES)}")
    if args.runs < 1:
        raise ConfigError(f"--runs {args.runs}: expected 1 or more")
    budgets = _budgets(args.budgets)
    config = build_config(args, kind="synthetic")
    if args.scratch:
        config = config.merged({"run": {"scratch": args.scratch}})
    results: dict[str, Any] = {}
    with _folder(args.scratch) as folder:
        for name in suites:
            tables, results[name] = _run_suite(name, config, Path(folder), args.runs, budgets)
            if not args.json:
                print_tables(tables)
                print(flush=True)
    if args.json:
        from slora_core.memory.devices import environment, resolve_device

        data = {"environment": environment(resolve_device(config.run.device)), **results}
        print_json(data)
    return 0


def _folder(scratch: str | None) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="slora-bench-", dir=scratch)
    except OSError as error:
        raise ConfigError(f"--scratch {scratch!r} cannot be used: {error.strerror}") from None


def _budgets(text: str | None) -> list[int]:
    try:
        return [parse_size(size) for size in text.split(",")] if text else []
    except ConfigError as error:
        raise ConfigError(f"--budgets {text!r}: {error.what}") from None


def _run_suite(
    name: str, config: RunConfig, folder: Path, runs: int, budgets: list[int]
) -> tuple[list[TextTable], dict[str, Any]]:
    module, function = _MEASURED_BY[name]
    with importing():
        measure = getattr(import_module(f"slora_core.bench.{module}"), function)
    if name == "prediction":
        result: tuple[list[TextTable], dict[str, Any]] = measure(config, runs, _say)
    elif name == "sampling":
        result = measure(config, _say)
    elif name == "budgets":
        result = measure(config, folder, _say, budgets)
    else:
        result = measure(config, folder, _say)
    return result


def _say(text: str) -> None:
    print(f"bench: {text} ...", file=sys.stderr, flush=True)
