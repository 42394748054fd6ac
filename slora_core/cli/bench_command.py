"""``slora bench``: speed, memory and prediction of this machine, as ratios within one call."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from slora_core.cli.arguments import add_job, add_json, build_config
from slora_core.cli.interrupts import importing
from slora_core.cli.printing import print_json, print_tables
from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.records.tables import TextTable
from slora_core.sources.presets import PRESETS

EXAMPLES: Final = """\
examples:
  slora bench --workload seed-small --suite engines,budgets
  slora bench --suite prediction --runs 200 --json"""
SUITES: Final = ("engines", "budgets", "prediction", "sampling", "scale", "distributed")
BY_DEFAULT: Final = SUITES[:-2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--workload", default="seed-2core", metavar="NAME", help=f"of {', '.join(PRESETS)}; default: seed-2core"
    )
    parser.add_argument(
        "--suite",
        default=",".join(BY_DEFAULT),
        metavar="A,B",
        help=f"of {', '.join(SUITES)}; default: all but the last two",
    )
    parser.add_argument(
        "--runs", type=int, default=200, metavar="N", help="random runs of the prediction suite; default: 200"
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
    config = build_config(args, kind="synthetic")
    if args.scratch:
        config = config.merged({"run": {"scratch": args.scratch}})
    results: dict[str, Any] = {}
    with _folder(args.scratch) as folder:
        for name in suites:
            tables, results[name] = _run_suite(name, config, Path(folder), args)
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


def _run_suite(
    name: str, config: RunConfig, folder: Path, args: argparse.Namespace
) -> tuple[list[TextTable], dict[str, Any]]:
    with importing():
        from slora_core.bench import distributed, engines, prediction, sampling, scale
    if name == "engines":
        return engines.compare_engines(config, folder, _say)
    if name == "budgets":
        return engines.compare_budgets(config, folder, _say)
    if name == "prediction":
        return prediction.measure_prediction(config, args.runs, _say)
    if name == "sampling":
        return sampling.measure_sampling(config, _say)
    if name == "distributed":
        return distributed.compare_ranks(config, folder, _say)
    return scale.measure_scale(config, folder, _say)


def _say(text: str) -> None:
    print(f"bench: {text} ...", file=sys.stderr, flush=True)
