"""``slora bench``: speed, memory and prediction of this machine, as ratios within one call."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from slora_core.cli.arguments import add_job, add_json, build_config
from slora_core.cli.display import drawn
from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.records.tables import TextTable
from slora_core.sources.presets import PRESETS

SUITES: Final = ("engines", "budgets", "prediction", "sampling", "scale")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workload", default="seed-2core", metavar="NAME", help=", ".join(PRESETS))
    parser.add_argument(
        "--suite", default="engines,budgets,prediction,sampling", metavar="A,B", help=f"any of {', '.join(SUITES)}"
    )
    parser.add_argument("--runs", type=int, default=200, metavar="N", help="random runs of the prediction suite")
    parser.add_argument("--scratch", metavar="DIR", help="where workloads and results are kept meanwhile")
    add_job(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    suites = [name.strip() for name in args.suite.split(",")]
    for name in suites:
        if name not in SUITES:
            raise ConfigError(f"unknown suite {name!r}; known: {', '.join(SUITES)}")
    config = build_config(args, kind="synthetic")
    if args.scratch:
        config = config.merged({"run": {"scratch": args.scratch}})
    console, results = Console(), {}
    with tempfile.TemporaryDirectory(prefix="slora-bench-", dir=args.scratch) as folder:
        for name in suites:
            tables, results[name] = _run_suite(name, config, Path(folder), args)
            if not args.json:
                for table in tables:
                    console.print(drawn(table))
                    console.print()
    if args.json:
        from slora_core.memory.devices import environment, resolve_device

        data = {"environment": environment(resolve_device(config.run.device)), **results}
        print(json.dumps(data, default=str, ensure_ascii=False))
    return 0


def _run_suite(
    name: str, config: RunConfig, folder: Path, args: argparse.Namespace
) -> tuple[list[TextTable], dict[str, Any]]:
    from slora_core.bench import engines, prediction, sampling, scale

    if name == "engines":
        return engines.compare_engines(config, folder, _say)
    if name == "budgets":
        return engines.compare_budgets(config, folder, _say)
    if name == "prediction":
        return prediction.measure_prediction(config, args.runs, _say)
    if name == "sampling":
        return sampling.measure_sampling(config.run.sample_hz, _say)
    return scale.measure_scale(config, folder, _say)


def _say(text: str) -> None:
    print(f"bench: {text} ...", file=sys.stderr, flush=True)
