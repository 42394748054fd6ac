"""``slora runs``: the history of recorded runs."""

from __future__ import annotations

import argparse
import dataclasses
import json
from contextlib import closing
from pathlib import Path

from slora_core.cli.arguments import add_json
from slora_core.cli.printing import print_json, print_tables
from slora_core.errors import InputError
from slora_core.records.history import History
from slora_core.records.run_file import RunFile
from slora_core.records.tables import accuracies_table, ranks_table, runs_table, stages_table

EXAMPLES = """\
examples:
  slora runs --search "digits baseline"
  slora runs show 20260102-030405-demo-1a2b3c
  slora runs note 20260102-030405-demo-1a2b3c "before the new cache"
  slora runs delete 20260102-030405-demo-1a2b3c
  slora runs --deleted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = ("list", "show", "note", "delete", "restore")
    parser.add_argument("action", nargs="?", choices=actions, default="list", help="default: list")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's name in the history, or a path")
    parser.add_argument("text", nargs="?", metavar="TEXT", help="the note; none clears it")
    parser.add_argument("--search", metavar="WORDS", help="list runs that contain every word")
    parser.add_argument("--deleted", action="store_true", help="list what restore can bring back")
    parser.add_argument("--folder", metavar="DIR", help="another history folder")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    history = History(args.folder)
    if args.action == "list":
        return _list(history, args)
    if args.run is None:
        raise InputError(f"slora runs {args.action} needs the name of a run; 'slora runs' lists them")
    path = _find(history, args.run, deleted=args.action == "restore")
    if args.action == "show":
        return _show(path, as_json=args.json)
    if args.action == "note":
        with closing(RunFile.open(path)) as record:
            record.set_note(args.text or "")
    elif args.action == "delete":
        path = history.delete(path)
    else:
        path = history.restore(path)
    if args.json:
        print_json({"path": str(path)})
    else:
        print(path)
    return 0


def _list(history: History, args: argparse.Namespace) -> int:
    if args.run is not None:
        raise InputError(f"slora runs list takes no run, and {args.run!r} was given; 'slora runs show' shows one")
    if args.deleted:
        runs = history.list_deleted()
    else:
        runs = history.search(args.search) if args.search else history.list_runs()
    if args.json:
        print_json([dataclasses.asdict(run) for run in runs])
    elif runs:
        print_tables([runs_table(runs)])
    else:
        print(f"no runs in {history.trash if args.deleted else history.folder}")
    return 0


def _show(path: Path, *, as_json: bool) -> int:
    with closing(RunFile.open(path)) as record:
        if as_json:
            data = {
                **dataclasses.asdict(record.header),
                "config": record.config,
                "environment": record.environment,
                "plan": record.plan,
                "stages": [dataclasses.asdict(stage) for rank in record.ranks() for stage in record.stages(rank)],
                "accuracies": [dataclasses.asdict(row) for row in record.accuracies()],
                "notices": [json.loads(notice.to_json()) for notice in record.notices()],
                "result": None if record.result is None else json.loads(record.result.to_json()),
            }
            print_json(data)
            return 0
        print_tables([runs_table([record.header]), stages_table(record), ranks_table(record), accuracies_table(record)])
        for notice in record.notices():
            print(f"notice: {notice.message}")
    return 0


def _find(history: History, name: str, *, deleted: bool) -> Path:
    folder = history.trash if deleted else history.folder
    for path in (Path(name), folder / name, folder / f"{name}.slora"):
        if path.is_file():
            return path
    lists = "slora runs --deleted" if deleted else "slora runs"
    raise InputError(f"no run {name!r} in {str(folder)!r}; '{lists}' lists them")
