"""``slora tune``: time the options of a plan on this machine, and keep the best for later runs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from slora_core.cli.arguments import add_studied_job, add_study_file, studied_config
from slora_core.cli.printing import print_json, print_tables, results_console
from slora_core.cli.study_execution import run_study
from slora_core.config import RunConfig
from slora_core.errors import ConfigError, OutputError
from slora_core.events import StudyFinished, TrialFinished
from slora_core.records.tables import format_seconds
from slora_core.studies.tuning.results import read_tuning_study
from slora_core.studies.tuning.snippet import python_snippet
from slora_core.studies.tuning.study import DEFAULT_MINUTES, DEFAULT_REPEATS, DEFAULT_TRIALS, stream
from slora_core.studies.tuning.tables import tuning_tables

EXAMPLES = """\
examples:
  slora tune --workload seed-small --budget 64MiB --out tuned.toml
  slora tune --features F.npz --state S.safetensors --minutes 1 --snippet tuned.py
  slora run --config tuned.toml

Trials time single stages; then the planned and the tuned plan run whole, in turns, and the tuned one is kept unless it
was slower. What was measured serves every later plan on this machine; SLORA_TUNING=off plans without it."""
_WON: Final = {
    "tuned": "the tuned plan is kept",
    "planned": "the planned one was faster and is kept",
    "same plan": "the tuned plan is the planned one",
    "not compared": "planned and tuned were not compared in whole runs",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    group = add_studied_job(parser)
    group.add_argument(
        "--trials", type=int, default=DEFAULT_TRIALS, metavar="N", help=f"at most; default: {DEFAULT_TRIALS}"
    )
    group.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, metavar="M", help=f"for trials; default: {DEFAULT_MINUTES:g}"
    )
    group.add_argument(
        "--repeats",
        type=int,
        default=DEFAULT_REPEATS,
        metavar="N",
        help=f"whole runs of each plan, 0 for none; default: {DEFAULT_REPEATS}",
    )
    group.add_argument("--out", metavar="FILE.toml", dest="toml", help="where the tuned configuration goes")
    group.add_argument("--snippet", metavar="FILE.py", help="where Python code that runs it goes")
    add_study_file(parser, group)


def run(args: argparse.Namespace) -> int:
    if args.show:
        found = read_tuning_study(args.show)
        if args.json:
            trials = [dataclasses.asdict(trial) for trial in found.trials]
            print_json({"exit_code": 0, "results": args.show, "trials": trials, **found.outcome})
        else:
            print_tables(tuning_tables(found))
        return 0
    if args.policy is not None or args.chunk is not None:
        raise ConfigError("slora tune chooses the policy itself: expected neither --policy nor --chunk")
    config = studied_config(args)
    for path in (args.toml, args.snippet):
        if path and not Path(path).absolute().parent.is_dir():
            raise OutputError(f"{path!r} cannot be written: there is no folder {str(Path(path).absolute().parent)!r}")
    start = partial(stream, config, trials=args.trials, minutes=args.minutes, repeats=args.repeats)
    return run_study(start, args, describe=_describe, finish=partial(_finish, args=args))


def _describe(event: TrialFinished) -> str:
    figures = event.figures
    if "figures" in figures:
        return format_seconds(figures["figures"]["seconds"])
    return figures["failure"] or format_seconds(figures["seconds"])


def _finish(event: StudyFinished, args: argparse.Namespace) -> Mapping[str, Any]:
    config = RunConfig.from_dict(dict(event.outcome["config"]), "the tuned configuration")
    written = {}
    for role, path, text in (
        ("toml", args.toml, config.to_toml()),
        ("snippet", args.snippet, python_snippet(config)),
    ):
        if path:
            _write(Path(path), text)
            written[role] = path
    if not args.json:
        print_tables(tuning_tables(read_tuning_study(event.results)))
        console = results_console()
        noise = f"; runs of the same plan differ by {100 * event.outcome['noise']:.0f} % here"
        console.print(f"\n{_WON[event.outcome['winner']]}{noise}", soft_wrap=True)
        for name, path in {"tuning file": event.outcome["tuning_file"], "study": event.results, **written}.items():
            console.print(f"{name}: {path}", soft_wrap=True, markup=False)
    return {**event.outcome, "written": written}


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except (OSError, UnicodeEncodeError) as error:
        temporary.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else "a path in it is no text in UTF-8"
        raise OutputError(f"{str(path)!r} cannot be written: {reason}") from None
