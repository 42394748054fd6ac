"""The command line: ``slora demo | run | plan | compare | bench | runs | report``.

Exit codes: 0 done, 2 bad input, 3 budget refused, 4 failed, 130 cancelled.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from slora_core.errors import SloraError

COMMANDS: Final = {
    "demo": "the digits run: five tasks, compensation by every operator, accuracy of every variant",
    "run": "move a class state through the operators, inside a memory budget",
    "plan": "what a run would need: peak per stage, time, binding stage, smallest feasible budget",
    "compare": "baseline and optimised side by side, or recorded runs against each other",
    "bench": "measure speed, memory and prediction on this machine",
    "runs": "list, show, annotate and delete recorded runs",
    "report": "export recorded runs as CSV",
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    command = import_module(f"slora_core.cli.{args.command}_command")
    try:
        return int(command.run(args))
    except SloraError as error:
        _report(error, getattr(args, "json", False))
        return error.exit_code
    except KeyboardInterrupt:
        print("slora: cancelled", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slora", description="Distribution compensation inside a memory budget.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"slora {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        child = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        import_module(f"slora_core.cli.{name}_command").add_arguments(child)
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("slora")
    except PackageNotFoundError:
        return "unknown"


def _report(error: SloraError, as_json: bool) -> None:
    if as_json:
        kind = type(error).__name__
        print(json.dumps({"error": {"kind": kind, "what": error.what, "remedy": error.remedy}}, ensure_ascii=False))
    print(f"slora: {error.what}", file=sys.stderr)
    if error.remedy:
        print(f"       {error.remedy}", file=sys.stderr)
