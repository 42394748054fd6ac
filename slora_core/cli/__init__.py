"""The command line: ``slora demo | run | plan | compare | ablate | tune | bench | runs | report``.

Exit codes: 0 done, 2 bad input, 3 budget refused, 4 failed, 130 cancelled. Results go to standard output, progress,
notices and errors to standard error. Nothing heavy is imported before the command is known.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

from slora_core.cli.interrupts import importing
from slora_core.errors import InputError, SloraError

COMMANDS: Final = {
    "demo": "five tasks of handwritten digits, compensated by every operator",
    "run": "move a class state through the operators, inside a memory budget",
    "plan": "what a run would need: peak by stage, time, smallest feasible budget",
    "compare": "baseline and optimised side by side, or recorded runs against each other",
    "ablate": "what each memory measure saves and costs, alone and together",
    "tune": "measure the options of a plan on this machine and keep the best",
    "bench": "measure speed, memory and prediction on this machine",
    "runs": "list, show, annotate, delete and restore recorded runs",
    "report": "recorded runs as a PDF report or as CSV tables",
}
EPILOG: Final = """\
slora COMMAND --help says more. Sizes are typed as people write them: 256MiB, 8GB, 0.5g.
exit codes: 0 done, 2 bad input, 3 budget refused, 4 failed, 130 cancelled"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (None: of the process); returns the exit code. Exits by itself after --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except SloraError as error:
        _report(error, "--json" in arguments)
        return error.exit_code
    except KeyboardInterrupt:
        print("slora: cancelled", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the results has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def _run(arguments: Sequence[str]) -> int:
    with suppress(AttributeError):  # a path may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    with importing():
        parser = _parser(arguments)
    args = parser.parse_args(arguments)
    return int(import_module(f"slora_core.cli.{args.command}_command").run(args))


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument as any other bad input, in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message, f"'{self.prog} --help' lists what there is")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command in ``arguments``; other commands are known to it by name alone."""
    parser = _Parser(
        prog="slora",
        description="Distribution compensation inside a memory budget.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"slora {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        child = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name in arguments:
            import_module(f"slora_core.cli.{name}_command").add_arguments(child)
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("slora")
    except PackageNotFoundError:
        return "unknown"


def _report(error: SloraError, as_json: bool) -> None:
    from slora_core.cli.printing import error_data, print_error, print_json

    if as_json:
        print_json(error_data(error))
    print_error(error.what, error.remedy)
